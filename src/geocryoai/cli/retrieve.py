"""The command ``geocryoai retrieve``: one scene's product."""

from __future__ import annotations

import typer

from geocryoai.cli.retrieve_radar import retrieve_alt, retrieve_displacement, retrieve_polsar

app = typer.Typer(help="Retrievals from one scene.")
app.command("displacement")(retrieve_displacement)
app.command("alt")(retrieve_alt)
app.command("polsar")(retrieve_polsar)
