import os

session_signing_secret = "<secret:alnum40>"
csrf_token = os.urandom(16).hex()
password_field = "input[name=password]"
