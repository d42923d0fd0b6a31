"""`/v1`: what Rekognition lacks. Consents, galleries' purposes, redaction, the audit log, keys."""
