"""Imported before nbformat, in processes of our own: spares each of them a second.

nbformat imports jsonschema, which looks for a grammar of web addresses and, where one
is installed, compiles it. It is for a format that notebooks have none of; jsonschema
goes without where the module cannot be imported.
"""

import sys

sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
