"""Source files, changes, findings, selection, reports, configuration and the command line. Offline, no torch."""
