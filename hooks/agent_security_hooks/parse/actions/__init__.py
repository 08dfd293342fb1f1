"""Workflows of GitHub, Gitea and Forgejo, and the actions that they use."""
