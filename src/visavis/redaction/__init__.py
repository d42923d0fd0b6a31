"""Covering the faces of people who did not agree to be shown. No gallery is known here: whom to spare is decided above."""
