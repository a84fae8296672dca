// Reads what the local GitHub holds with Octokit, and prints it as one JSON object.
import { readFileSync } from "node:fs";
import { Octokit } from "@octokit/rest";

const { baseUrl, token, number, head, asked, failed, since } = JSON.parse(process.env.SCENE);
const octokit = new Octokit({ baseUrl, auth: token });
const place = { owner: "octo", repo: "widget" };

const pull = await octokit.rest.pulls.get({ ...place, pull_number: number });
const comments = await octokit.paginate(octokit.rest.issues.listComments, {
  ...place,
  issue_number: number,
  per_page: 2,
});
const recent = await octokit.rest.issues.listCommentsForRepo({
  ...place,
  sort: "created",
  direction: "desc",
  since,
  per_page: 100,
});
const checks = await octokit.rest.checks.listForRef({ ...place, ref: head });
const check = await octokit.rest.checks.get({ ...place, check_run_id: failed });
const reactions = await octokit.rest.reactions.listForIssueComment({ ...place, comment_id: asked });
const { repository } = await octokit.graphql(
  `query ($number: Int!) { repository(owner: "octo", name: "widget") {
     pullRequest(number: $number) { title comments(first: 10) { totalCount } } } }`,
  { number },
);
const status = (request) => request.then(({ status }) => status, ({ status }) => status);
const etag = { headers: { "if-none-match": pull.headers.etag } };

const version = JSON.parse(readFileSync("node_modules/@octokit/rest/package.json")).version;
console.log(
  JSON.stringify({
    version,
    "pull request": pull.data.head.sha,
    "comments, by pages": comments.map((comment) => comment.body),
    "comments of the repository, newest first": recent.data.map((comment) => comment.id),
    "who wrote the answer": recent.data
      .filter((comment) => comment.performed_via_github_app)
      .map((comment) => [comment.user.login, comment.performed_via_github_app.slug]),
    "reactions in the list": [recent.data.at(-1).reactions.eyes, recent.data.at(-1).reactions["+1"]],
    "check runs": checks.data.check_runs.map(({ name, conclusion }) => [name, conclusion]),
    "one check run": [check.data.status, check.data.conclusion, check.data.output.title],
    reactions: reactions.data.map(({ user, content }) => [user.login, content]),
    GraphQL: repository.pullRequest,
    "an unchanged answer": await status(octokit.rest.pulls.get({ ...place, pull_number: number, ...etag })),
    "a comment that is gone": await status(octokit.rest.issues.getComment({ ...place, comment_id: 1 })),
  }),
);
