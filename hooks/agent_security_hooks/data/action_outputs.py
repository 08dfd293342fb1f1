"""What the outputs of actions hold: what outsiders wrote, what an input passed on, or a fixed shape.

Sources: the README, action.yml and code of each action; for which of them pass on what outsiders write, also the models of CodeQL at
https://github.com/github/codeql/tree/main/actions/ql/lib/ext/manual (MIT). Names are in lower case.
"""

from __future__ import annotations

OUTSIDER_OUTPUTS: dict[str, tuple[str, ...]] = {
    # names of files that a pull request changes (README of each)
    "tj-actions/changed-files": ("*_files", "*_files_*", "all_changed_and_modified_files", "all_old_new_renamed_files"),
    "tj-actions/verify-changed-files": ("changed_files", "changed-files"),
    "dorny/paths-filter": ("*_files",),
    "jitterbit/get-changed-files": ("all", "added", "modified", "removed", "renamed", "added_modified", "deleted"),
    "trilom/file-changes-action": ("files", "files_*"),
    "masesgroup/retrieve-changed-files": ("all", "added", "modified", "removed", "renamed", "added_modified", "deleted"),
    "lots0logs/gh-action-get-changed-files": ("all", "added", "modified", "deleted", "renamed"),
    "ahmadnassri/action-changed-files": ("files", "json"),
    "step-security/changed-files": ("*_files", "*_files_*"),
    # the branch of a pull request
    "xt0rted/pull-request-comment-branch": ("head_ref", "ref"),
    "alessbell/pull-request-comment-branch": ("head_ref", "ref"),
    "gotson/pull-request-comment-branch": ("head_ref", "ref"),
    "eficode/resolve-pr-refs": ("head_ref",),
    "potiuk/get-workflow-origin": ("sourceheadbranch", "pullrequestlabels"),
    "tj-actions/branch-names": ("current_branch", "head_ref_branch", "ref_branch"),
    "nelonoel/branch-name": ("branch_name",),
    "rlespinasse/github-slug-action": ("*_ref", "*_ref_name", "*_branch"),
    # titles, bodies, comments and messages
    "peter-evans/slash-command-dispatch": ("command-arguments",),
    "github/command": ("params", "comment_body"),
    "xt0rted/slash-command-action": ("command-arguments",),
    "khan/pull-request-comment-trigger": ("comment_body",),
    "mheap/github-action-get-pr-info": ("title", "body", "head"),
    "8bitjonny/gh-get-current-pr": ("pr_title", "pr_body", "pr"),
    "jwalton/gh-find-current-pr": ("title", "body"),
    "potiuk/find-pr-info": ("title", "body"),
    "actions-cool/issues-helper": ("issues", "comments", "issue-title", "issue-body", "comment-body"),
    "peter-evans/find-comment": ("comment-body",),
    "zentered/issue-forms-body-parser": ("data",),
    "stefanbuck/github-issue-parser": ("*",),
    "onmax/issue-form-parser": ("*",),
    "issue-ops/parser": ("json",),
    "bdougie/get-last-commit-message": ("*",),
    "lastinitial/git-commit-data-action": ("*",),
    "rlespinasse/git-commit-data-action": ("*",),
    # the same as CodeQL's models know it
    "ab185508/file-type-finder": ("paths", "names", "extaddpaths"),
    "avraammavridis/files-changed-action": ("changed_files", "changed_files_extensions"),
    "karpikpl/list-changed-files-action": ("changed_files",),
    "knu/changed-files": ("changed_files", "changed_files_json", "matched_files", "matched_files_json"),
    "martinhaintz/ga-file-list": ("files", "file_names"),
    "wyrihaximus/github-action-files-in-commit": ("files",),
    "franzdiebold/github-env-vars-action": ("ci_pr_description", "ci_pr_title", "ci_head_ref"),
    "peter-murray/issue-body-parser-action": ("*",),
    "peter-murray/issue-forms-body-parser": ("payload",),
}
"""Outputs of actions that pass on what an outsider wrote: names in lower case, "*" for any letters. Sources: the README and action.yml of each."""

FIXED_OUTPUTS: dict[str, tuple[str, ...]] = {
    "actions/checkout": ("commit",),
    "actions/cache": ("cache-hit",),
    "actions/cache/restore": ("cache-hit",),
    "actions/setup-python": ("python-version", "python-path", "cache-hit"),
    "actions/setup-node": ("node-version", "cache-hit"),
    "actions/setup-go": ("go-version", "cache-hit"),
    "actions/setup-java": ("version", "distribution", "path", "cache-hit"),
    "actions/upload-artifact": ("artifact-id", "artifact-url", "artifact-digest"),
    "actions/create-github-app-token": ("token", "installation-id", "app-slug"),
    "docker/build-push-action": ("digest", "imageid"),
    "docker/setup-buildx-action": ("name", "driver", "platforms"),
    "astral-sh/setup-uv": ("uv-version", "cache-hit", "python-version"),
}
"""Outputs that nobody can write text into. Sources: the README and action.yml of each."""

ARTIFACT_OUTPUTS = frozenset(("marocchino/on_artifact", "redhat-plumbers-in-action/download-artifact"))
"""Actions that read files of another run's artifact into their outputs."""

PASSED_ON: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "mad9000/actions-find-and-replace-string": (("source", "replace"), ("value",)),
    "frabert/replace-string-action": (("string", "replace-with"), ("replaced",)),
    "actions-ecosystem/action-regex-match": (("text",), ("*",)),
    "kaisugi/action-regex-match": (("text",), ("*",)),
    "meilcli/regex-match": (("search_string",), ("matched_first", "matched_json")),
    "ashley-taylor/regex-property-action": (("value", "replacement"), ("value",)),
    "ashley-taylor/read-json-property-action": (("json",), ("value",)),
    "aszc/change-string-case-action": (("string", "replace-with"), ("lowercase", "uppercase", "capitalized")),
    "dsfx3d/action-extract-unique-matches": (("text",), ("matches",)),
    "haya14busa/action-cond": (("if_true", "if_false"), ("value",)),
}
"""Actions whose outputs are made of inputs: the inputs, and the outputs (names or patterns)."""

API_READERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "octokit/request-action": ("route", ("data",)),
    "octokit/graphql-action": ("query", ("data",)),
}
"""Actions that ask GitHub's API: the input that says what for, and the outputs with the answer as JSON."""

API_OBJECTS = {
    "pulls": "pull_request",
    "issues": "issue",
    "comments": "comment",
    "reviews": "review",
    "commits": "commit",
    "discussions": "discussion",
    "labels": "label",
    "milestones": "milestone",
    "releases": "release",
    "runs": "workflow_run",
    "forks": "forkee",
}
"""The object that an answer of GitHub's API holds, by the last name in the route, as the payload of an event calls it."""

API_TEXTS = {
    "title": "title",
    "body": "body",
    "bodytext": "body",
    "headrefname": "head.ref",
    "headref": "head.ref",
    "comments": "comments.body",
    "reviews": "reviews.body",
    "commits": "commits.message",
    "files": "files.path",
    "filename": "files.path",
    "message": "message",
    "messageheadline": "headline",
    "messagebody": "body",
}
"""Names of fields of GitHub's API (in lower case) and of `gh --json` whose text outsiders write; with what they are shown as."""
