"""What HTTP adds to the wire: who calls, and what they may do."""
