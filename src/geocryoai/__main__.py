"""``python -m geocryoai``: the command ``geocryoai`` where its script is not on the path."""

from geocryoai.cli.main import main

main()
