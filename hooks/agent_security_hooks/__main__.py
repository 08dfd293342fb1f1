"""`python -Im agent_security_hooks <hook id or command> ...`: the entry of every hook in the manifest."""

import os

from agent_security_hooks.cli import main

# Everything is flushed and closed by now; taking the interpreter down in order would cost another tenth of the run.
os._exit(main())
