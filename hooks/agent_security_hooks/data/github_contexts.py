"""Who can write the text of GitHub's contexts: patterns of their paths, "*" for any one name or position, "**" for any number of them.

Sources: https://docs.github.com/en/actions/reference/security/secure-use (contexts that may hold what an attacker wrote),
https://docs.github.com/en/actions/reference/workflows-and-actions/contexts, and the payloads at https://docs.github.com/en/webhooks/webhook-events-and-payloads:
a field is an outsider's when somebody without write access to the repository can put any text there (titles, bodies, messages, names of branches in
forks, display names, addresses, file names), an insider's when that takes at least the right to triage, push, release or start a workflow.
Logins, numbers, digests, identifiers, addresses on GitHub, states and times have a shape in which nothing can be hidden.
"""

from __future__ import annotations

OUTSIDER = """
github.head_ref
github.event.issue.title
github.event.issue.body
github.event.discussion.title
github.event.discussion.body
github.event.answer.body
github.event.comment.body
github.event.comment.path
github.event.comment.diff_hunk
github.event.review.body
github.event.pull_request.title
github.event.pull_request.body
github.event.pull_request.head.ref
github.event.pull_request.head.label
github.event.pull_request.head.repo.default_branch
github.event.pull_request.head.repo.description
github.event.pull_request.head.repo.homepage
github.event.pull_request.head.repo.topics.*
github.event.changes.title.from
github.event.changes.body.from
github.event.pages.*.page_name
github.event.pages.*.title
github.event.pages.*.summary
github.event.forkee.description
github.event.forkee.homepage
github.event.forkee.default_branch
github.event.head_commit.message
github.event.head_commit.author.name
github.event.head_commit.author.email
github.event.head_commit.committer.name
github.event.head_commit.committer.email
github.event.head_commit.added.*
github.event.head_commit.modified.*
github.event.head_commit.removed.*
github.event.commits.*.message
github.event.commits.*.author.name
github.event.commits.*.author.email
github.event.commits.*.committer.name
github.event.commits.*.committer.email
github.event.commits.*.added.*
github.event.commits.*.modified.*
github.event.commits.*.removed.*
github.event.commit.commit.message
github.event.commit.commit.author.name
github.event.commit.commit.author.email
github.event.commit.commit.committer.name
github.event.commit.commit.committer.email
github.event.merge_group.head_commit.message
github.event.merge_group.head_commit.author.name
github.event.merge_group.head_commit.author.email
github.event.merge_group.head_commit.committer.name
github.event.merge_group.head_commit.committer.email
github.event.workflow_run.head_branch
github.event.workflow_run.display_title
github.event.workflow_run.head_commit.message
github.event.workflow_run.head_commit.author.name
github.event.workflow_run.head_commit.author.email
github.event.workflow_run.head_commit.committer.name
github.event.workflow_run.head_commit.committer.email
github.event.workflow_run.head_repository.description
github.event.workflow_run.pull_requests.*.head.ref
github.event.check_suite.head_branch
github.event.check_suite.head_commit.message
github.event.check_suite.head_commit.author.name
github.event.check_suite.head_commit.author.email
github.event.check_suite.pull_requests.*.head.ref
github.event.check_run.check_suite.head_branch
github.event.check_run.check_suite.pull_requests.*.head.ref
github.event.check_run.pull_requests.*.head.ref
github.event.**.email
github.event.**.author.name
github.event.**.committer.name
github.event.**.user.name
github.event.**.blocked_user.name
""".split()

INSIDER = """
github.ref
github.ref_name
github.base_ref
github.workflow_ref
github.event.ref
github.event.base_ref
github.event.client_payload.**
github.event.inputs.**
github.event.release.tag_name
github.event.release.name
github.event.release.body
github.event.release.target_commitish
github.event.release.assets.*.name
github.event.release.assets.*.label
github.event.label.name
github.event.label.description
github.event.milestone.title
github.event.milestone.description
github.event.issue.labels.*.name
github.event.issue.labels.*.description
github.event.issue.milestone.title
github.event.issue.milestone.description
github.event.pull_request.labels.*.name
github.event.pull_request.labels.*.description
github.event.pull_request.milestone.title
github.event.pull_request.milestone.description
github.event.pull_request.base.ref
github.event.pull_request.base.label
github.event.pull_request.auto_merge.commit_title
github.event.pull_request.auto_merge.commit_message
github.event.discussion.labels.*.name
github.event.discussion.category.name
github.event.merge_group.head_ref
github.event.merge_group.base_ref
github.event.deployment.ref
github.event.deployment.task
github.event.deployment.environment
github.event.deployment.description
github.event.deployment.payload.**
github.event.deployment_status.description
github.event.deployment_status.environment
github.event.check_run.name
github.event.check_run.output.**
github.event.context
github.event.description
github.event.target_url
github.event.branches.*.name
github.event.changes.base.ref.from
github.event.repository.description
github.event.repository.homepage
github.event.repository.topics.*
github.event.repository.custom_properties.**
github.event.organization.description
vars.**
""".split()

# Of `github` and `github.event`; whoever may choose the default branch may as well change the workflow.
FIXED = """
github.action github.action_path github.action_ref github.action_repository github.action_status github.actor github.actor_id github.api_url github.env
github.event_name github.event_path github.graphql_url github.job github.output github.path github.ref_protected github.ref_type github.repository
github.repository_id github.repository_owner github.repository_owner_id github.repository_visibility github.repositoryurl github.retention_days github.run_attempt
github.run_id github.run_number github.secret_source github.server_url github.sha github.state github.step_summary github.triggering_actor github.workflow
github.workflow_sha github.workspace github.artifact_cache_size_limit
github.event.repository.name github.event.repository.default_branch github.event.pusher.name github.event.schedule github.event.workflow
github.event.workflow_run.name github.event.workflow_run.path github.event.workflow.name github.event.workflow.path github.event.enterprise.slug
github.event.pull_request.base.repo.default_branch
""".split()

SECRET = ("github.token", "secrets.**")

FIXED_ENDINGS = frozenset(
    "id node_id number sha login url state merged mergeable draft action full_name locked author_association additions deletions changed_files commits "
    "comments event conclusion status run_number run_attempt prerelease type fork private public visibility size before after forced created deleted "
    "archived disabled position line original_line side start_line in_reply_to_id rebaseable mergeable_state maintainer_can_modify active_lock_reason "
    "state_reason attempt slug ref_type pusher_type avatar_url gravatar_id site_admin color default head_sha answer_chosen_at language spdx_id".split()
)
"""Last names of paths below `github.event` whose text has a fixed shape."""
FIXED_SUFFIXES = ("_url", "_id", "_at", "_sha", "_count", "_login")

EVENTS_WITHOUT_OUTSIDERS = frozenset(
    "branch_protection_rule create delete deployment deployment_status image_version label milestone page_build public registry_package release "
    "repository_dispatch schedule workflow_dispatch".split()
)
"""Events in whose payload no outsider has text of their own."""

EVENTS_WITH_SECRETS = frozenset("discussion discussion_comment gollum issue_comment issues pull_request_target workflow_run".split())
"""Events that anyone can start in a public repository, with text of their own, and that run with the repository's secrets. Source:
https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows"""

INSIDER_TYPES = frozenset(
    "assigned unassigned labeled unlabeled milestoned demilestoned locked unlocked pinned unpinned transferred typed untyped answered unanswered "
    "category_changed auto_merge_enabled auto_merge_disabled enqueued dequeued review_requested review_request_removed".split()
)
"""Types of those events that only people with rights in the repository can cause."""

_PULL_REQUEST = "pull_request pull_request_target pull_request_review pull_request_review_comment"
EVENTS_WITH: dict[str, frozenset[str]] = {
    name: frozenset(events.split())
    for name, events in {
        "head_ref": _PULL_REQUEST,
        "pull_request": _PULL_REQUEST,
        "issue": "issues issue_comment",
        "comment": "issue_comment discussion_comment commit_comment pull_request_review_comment",
        "discussion": "discussion discussion_comment",
        "answer": "discussion",
        "review": "pull_request_review",
        "pages": "gollum",
        "forkee": "fork",
        "head_commit": "push",
        "commits": "push",
        "commit": "status",
        "merge_group": "merge_group",
        "workflow_run": "workflow_run",
        "check_suite": "check_suite",
        "check_run": "check_run",
    }.items()
}
"""By the first name below `github.event` (and for `github.head_ref`): the events that have it; under others it is empty. Source: the webhook payloads."""

KNOWN_EVENTS = frozenset(
    "branch_protection_rule check_run check_suite commit_comment create delete deployment deployment_status discussion discussion_comment fork gollum "
    "image_version issue_comment issues label member merge_group milestone page_build project project_card project_column public pull_request "
    "pull_request_review pull_request_review_comment pull_request_target push registry_package release repository_dispatch schedule status watch "
    "workflow_dispatch workflow_run".split()
)
"""Events whose payload is known; `workflow_call` has that of its caller."""

REF_IS_FIXED = frozenset(
    "check_run check_suite discussion discussion_comment fork gollum issue_comment issues label milestone page_build public pull_request "
    "pull_request_review pull_request_review_comment pull_request_target schedule status watch workflow_run".split()
)
"""Events whose `github.ref` is the default branch, the base of a pull request or `refs/pull/N/merge`."""

VARIABLES = {
    "GITHUB_HEAD_REF": "github.head_ref",
    "GITHUB_REF": "github.ref",
    "GITHUB_REF_NAME": "github.ref_name",
    "GITHUB_BASE_REF": "github.base_ref",
}
"""Variables with text of others that every step has. Source: https://docs.github.com/en/actions/reference/workflows-and-actions/variables"""

ONE_LINE = frozenset(
    "head_ref ref_name ref base_ref title name email label default_branch page_name head_branch display_title homepage description tag_name headline".split()
)
"""Last names of paths whose text cannot hold a line break: titles, names of branches and tags, people and files, labels."""

CODE_INPUTS: dict[str, tuple[str, ...]] = {
    # JavaScript that is evaluated
    "actions/github-script": ("script",),
    "cardinalby/js-eval-action": ("expression",),
    "satackey/action-js-inline": ("script",),
    "8398a7/action-slack": ("custom_payload",),
    "roots/issue-closer": ("issue-close-message", "pr-close-message"),
    "roots/issue-closer-action": ("issue-close-message", "pr-close-message"),
    # PowerShell and Python
    "amadevus/pwsh-script": ("script",),
    "azure/powershell": ("inlinescript",),
    "jannekem/run-python-script-action": ("script",),
    # handed to a shell, here or at the other end of ssh
    "azure/cli": ("inlinescript",),
    "mathiasvr/command-output": ("run",),
    "nick-fields/retry": ("on_retry_command", "new_command_on_retry"),
    "nick-invision/retry": ("on_retry_command", "new_command_on_retry"),
    "fifsky/ssh-action": ("command",),
    "garygrossgarten/github-action-ssh": ("command",),
    "workflow/nix-shell-action": ("script",),
    "sergeysova/jq-action": ("cmd",),
    "mikefarah/yq": ("cmd",),
    "coactions/setup-xvfb": ("run",),
    "gabrielbb/xvfb-action": ("run",),
}
"""Inputs, in lower case, that an action's code hands to a shell or an interpreter, besides those of parse.fragments.workflows. Sources: the code of each."""
