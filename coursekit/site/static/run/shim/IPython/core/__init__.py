"""Where other libraries look for `get_ipython` and the classes that are shown."""
