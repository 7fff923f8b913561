"""`sealform`, but with a reader that takes orders: `python -m tests.service.command extract ...`."""

import sys

from service.cli import main
from service.runs import ledger
from tests.service.readers import obey_or_read

if __name__ == "__main__":
    ledger.read_submission = obey_or_read  # type: ignore[attr-defined]
    main(sys.argv[1:])
