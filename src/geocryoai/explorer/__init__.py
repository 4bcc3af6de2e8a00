"""A run folder in the browser: reserved for the local web application, which nothing here provides yet."""
