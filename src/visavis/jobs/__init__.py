"""Doing stored-video jobs: each in steps that are never done twice, by whichever process has time, and finished by another where one dies."""
