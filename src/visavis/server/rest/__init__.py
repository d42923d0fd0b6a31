"""`/v1`: what Rekognition lacks. Consents, the audit log, galleries' purposes, keys."""
