"""What may be done with galleries. This room alone joins consent, store and audit, and is the only way to templates."""
