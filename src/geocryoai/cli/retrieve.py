"""The command ``geocryoai retrieve``: one scene's product."""

from __future__ import annotations

import typer

from geocryoai.cli.retrieve_ch4 import retrieve_ch4, retrieve_co2
from geocryoai.cli.retrieve_freeze_thaw import retrieve_freeze_thaw
from geocryoai.cli.retrieve_radar import (
    retrieve_alt,
    retrieve_displacement,
    retrieve_interferogram,
    retrieve_polsar,
)
from geocryoai.cli.retrieve_spectra import retrieve_components, retrieve_indices

app = typer.Typer(help="Retrievals from one scene.", rich_markup_mode=None)
app.command("ch4")(retrieve_ch4)
app.command("co2")(retrieve_co2)
app.command("indices")(retrieve_indices)
app.command("components")(retrieve_components)
app.command("interferogram")(retrieve_interferogram)
app.command("displacement")(retrieve_displacement)
app.command("alt")(retrieve_alt)
app.command("polsar")(retrieve_polsar)
app.command("freeze-thaw")(retrieve_freeze_thaw)
