"""Any file a marketer has -> a table, and a report of what was understood and changed.

bytes -> `encoding` -> text -> `dialect` -> `rows` -> cells -> `columns` -> types
-> `roles` -> kind and roles; Excel enters at the rows. `child` does it all apart.
"""

from opslib.ingest.child import import_file
from opslib.ingest.read import read_table
from opslib.ingest.report import Column, Report, Table
from opslib.ingest.roles import KINDS

__all__ = ["KINDS", "Column", "Report", "Table", "import_file", "read_table"]
