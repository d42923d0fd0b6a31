"""The state of a server: what is kept of people who said yes, and how it is found again."""
