"""What `wire_fuzzing.py` is made of: calls, what is done to them, a server to send them to, and what it must keep to.

`calls` would be answered well; `values`, `headers` and `images` change them; `shots` are requests handed to the app, `streams` bytes sent to a
socket, `requests` signs; `target` is the server, `answers` and `watch` say what it must answer, and that it neither stores nor logs what it must not.
"""
