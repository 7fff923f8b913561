"""What the service keeps: uploads, submissions, records with every version, accounts, and the log that none
of it escapes.

`tables.py` the schema · `database.py` connections and transactions · `audit.py` the chain · the others a
subject each. Functions take a connection of one transaction, so that what belongs together is committed
together.
"""
