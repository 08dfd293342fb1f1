import os

DATABASE_URL = "postgres://agent:<secret:password>@db.acme.io:5432/memory"
TEST_DATABASE_URL = f"postgres://agent:{os.environ.get('TEST_DB_PASSWORD', '')}@localhost:5432/memory"

primary_key = "ticket_id"
sort_key = "created_at"
