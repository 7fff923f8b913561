"""What keeps a service going: backup, restore, purge, and a look at what is installed."""
