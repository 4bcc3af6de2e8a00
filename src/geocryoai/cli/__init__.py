"""Commands. They parse, call one function of the rooms below, and print; no science here."""
