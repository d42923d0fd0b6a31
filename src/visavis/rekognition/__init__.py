"""Amazon Rekognition's face API on the wire, without HTTP: headers and bytes in, status and bytes out."""
