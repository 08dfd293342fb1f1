APP_ID = 314159

PRIVATE_KEY = """
<secret:pem>
"""
