"""Made-up secrets of every shape, and what ordinary logs hold that looks a little like them."""

from __future__ import annotations

import base64
import json
import random
import string
from typing import NamedTuple

_RANDOM = random.Random(20)  # noqa: S311 - canaries, not keys
_ALNUM = string.ascii_letters + string.digits
_HEX = "0123456789abcdef"


def chars(count: int, alphabet: str = _ALNUM) -> str:
    """So many characters, the same in every run; among the first three are all kinds."""
    head = [_RANDOM.choice(kind) for kind in ("0123456789", "abcdef") if set(kind) <= set(alphabet)]
    return "".join([*head, *(_RANDOM.choice(alphabet) for _ in range(count - len(head)))])


class Canary(NamedTuple):
    """A line with a secret in it.

    Attributes:
        kind: What it is.
        line: What a log says.
        secret: What of it must not be seen.
    """

    kind: str
    line: str
    secret: str


def _one(kind: str, before: str, secret: str, after: str = "") -> Canary:
    return Canary(kind, before + secret + after, secret)


_PASSWORD = "tr0ub4dor&3"
CANARIES = (
    *(_one(f"github {kind}", "token ", f"gh{kind}_{chars(36)}") for kind in "pousr"),
    _one("github fine", "", "github_pat_" + chars(22) + "_" + chars(59), " was refused"),
    _one("gitlab", "", "glpat-" + chars(20)),
    _one("gitlab deploy", "", "gldt-" + chars(20)),
    _one("aws id", "", "AKIA" + chars(16, string.ascii_uppercase), " is not allowed"),
    _one("aws pair", "ASIA" + chars(16, string.ascii_uppercase) + ",", chars(40, _ALNUM + "+/")),
    _one("aws secret", "aws_secret_access_key = ", chars(40, _ALNUM + "+/")),
    _one("aws session", "AWS_SESSION_TOKEN=", "IQoJb3JpZ2lu" + chars(300, _ALNUM + "+/") + "=="),
    _one(
        "aws signed", "GET https://b.s3.amazonaws.com/k?X-Amz-Signature=", chars(64, _HEX), "&x=1"
    ),
    _one("google", "", "AIza" + chars(35)),
    _one("google oauth", "", "ya29." + chars(60)),
    _one("google client", "", "GOCSPX-" + chars(28)),
    _one("azure storage", "AccountName=a;AccountKey=", chars(86, _ALNUM + "+/") + "==", ";Ends=x"),
    _one("azure bus", "SharedAccessKeyName=all;SharedAccessKey=", chars(43, _ALNUM) + "=", ";"),
    _one("azure sas", "https://a.blob.core.windows.net/c?sv=2024&sig=", chars(43) + "%3D", "&se=x"),
    _one("azure app", "", f"{chars(3)}8Q~{chars(34)}"),
    _one("slack", "", f"xoxb-{chars(12, string.digits)}-{chars(24)}"),
    _one("slack hook", "https://hooks.slack.com/services/", f"T{chars(8)}/B{chars(8)}/{chars(24)}"),
    _one("discord", "https://discord.com/api/webhooks/", "112233445566778899/" + chars(68)),
    _one("hugging face", "", "hf_" + chars(34)),
    _one("openai", "Incorrect API key provided: ", "sk-proj-" + chars(60) + "_" + chars(60)),
    _one("anthropic", "", "sk-ant-api03-" + chars(93) + "AA"),
    _one("wandb", "WANDB_API_KEY=", chars(40, _HEX)),
    _one("wandb login", "+ wandb login --relogin ", chars(40, _HEX)),
    _one("wandb netrc", "machine api.wandb.ai login user password ", chars(40, _HEX)),
    _one("wandb new", "", "wandb_v1_" + chars(60)),
    _one("beaker", "BEAKER_TOKEN=", chars(16)),
    _one("beaker file", "user_token: ", chars(16)),
    _one("comet", "COMET_API_KEY=", chars(25)),
    _one("neptune", "", base64.b64encode(b'{"api_address":"https://e.org","x":"1"}').decode()),
    _one("docker", "", "dckr_pat_" + chars(27)),
    _one(
        "docker file", '{"auths": {"e.org": {"auth": "', base64.b64encode(b"bob:k8s-Pa55").decode()
    ),
    _one("npm", "", "npm_" + chars(36)),
    _one("npm file", "//registry.e.org/:_authToken=", "Np3" + chars(33)),
    _one("pypi", "", "pypi-AgEIcHlwaS5vcmc" + chars(100)),
    _one("stripe", "", "sk_live_" + chars(24)),
    _one("twilio", "TWILIO_AUTH_TOKEN=", chars(32, _HEX)),
    _one("sendgrid", "", f"SG.{chars(22)}.{chars(43)}"),
    _one("jwt", "", f"eyJhbGciOiJIUzI1NiJ9.eyJzdWIi{chars(30)}.{chars(43)}"),
    _one("url", "fatal: unable to access https://", "bob:" + _PASSWORD, "@e.org/x.git"),
    _one("database", "postgresql+psycopg2://", "ci:" + _PASSWORD, "@db.internal:5432/x"),
    _one("bearer", "> Authorization: Bearer ", chars(30)),
    _one(
        "basic", "headers={'Authorization': 'Basic ", base64.b64encode(b"bob:x1y2").decode(), "'}"
    ),
    _one("token header", "authorization: token ", chars(24)),
    _one("api header", "{'X-Api-Key': '", chars(24), "'}"),
    _one("cookie", "Cookie: ", "session=" + chars(32) + "; other=" + chars(12)),
    _one("set-cookie", '"Set-Cookie": "', "sid=" + chars(32), '"'),
    _one("curl", "+ curl -s -u bob:", _PASSWORD, " https://e.org"),
    _one("environment", "DB_PASSWORD=", _PASSWORD),
    _one("export", "export SERVICE_SECRET=", chars(20)),
    _one("quoted", "CLIENT_SECRET='", chars(20), "'"),
    _one("json", '{"user": "x", "password": "', _PASSWORD, '", "n": 1}'),
    _one("escaped json", r'body: "{\"api_key\": \"', chars(24), r'\"}"'),
    _one("repr", "Config(api_key='", chars(24), "', retries=3)"),
    _one("camel", "clientSecret: ", chars(24)),
    _one("flag", "train.py --hub-token ", chars(24), " --steps 5"),
    _one("flag=", "login --password=", _PASSWORD, " --quiet"),
    _one("query", "GET /x?access_token=", chars(24), "&n=1"),
    _one("spec", "{'name': 'MY_API_KEY', 'value': '", chars(24), "'}"),
    _one("uuid", "NEPTUNE_TOKEN=", "f47ac10b-58cc-4372-a567-0e02b2c3d479"),
)

_BODY = [chars(64, _ALNUM + "+/") for _ in range(24)]
PRIVATE_KEY = [
    "-----BEGIN RSA PRIVATE KEY-----",
    *_BODY,
    chars(40) + "==",
    "-----END RSA PRIVATE KEY-----",
]

ORDINARY = (
    "HEAD is now at 9fceb02 Fix the tokenizer of 9fceb02d0ae598e95dc970b74767f19372d61af8",
    "experiment 01JZ3V6M8Q4T2N5R7W9X1Y3A5B, https://beaker.org/ex/01JZ3V6M8Q4T2N5R7W9X1Y3A5B",
    "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 model.safetensors",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "loading meta-llama/Llama-3.1-8B-Instruct, Qwen/Qwen2.5-7B-Instruct-1M and google/gemma-2-9b-it",
    "tokenizer: Qwen/Qwen2.5-7B-Instruct tokenizer_name=allenai/OLMo-2-1124-7B",
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk",
    "/net/nfs.cirrascale/mosaic/maria/runs/2024-11-21/very-long-name_v2/checkpoints/step_12000/model.pt",
    "{'loss': 0.1, 'token_accuracy': 0.5, 'num_tokens': 12345678.0, 'epoch': 0.3}",
    "tokens=1234 num_tokens: 12 tokens_per_second: 1.2e+05 max_tokens=4096",
    "pad_token: <|endoftext|> eos_token='</s>' bos_token_id: 128000 image_token=<image>",
    "special_tokens_map.json: {'mask_token': '[MASK]', 'token_type_ids': tensor([[0, 0]])}",
    "KeyError: 'model.layers.0.self_attn.q_proj.weight' in state_dict keys",
    "key=model.layers.12.mlp.gate_proj.weight shape=[4096, 11008] sort_key=a1b2c3d4e5f6",
    "BEAKER_CI_KEY=1a2b3c4d5e6f7081 CACHE_KEY=linux-9fceb02d0ae598e9",
    "GOOGLE_APPLICATION_CREDENTIALS=/tmp/tmpx7y2z/key.json PWD=/home/ci/work OLDPWD=/root",
    "Error: Invalid user token. Log in with `huggingface-cli login` or pass `token=<your_token>`",
    "token=None, use_auth_token=False, api_key=os.environ['OPENAI_API_KEY'], secret: true",
    "    client = Client(user=user, password=password, token=self.token, key=key)",
    "HF_TOKEN is not set; WANDB_API_KEY: unset; password: incorrect",
    "author: Maria K. authors=12 basic configuration of transformers-library-extension",
    "--env-secret HF_TOKEN=HF_TOKEN --secret TOKEN=DEPLOY_KEY password=${DB_PASSWORD} token=***",
    "auth_mode=oauth2 token_dtype=torch.bfloat16 token_expiry: 2024-01-01T00:00:00Z secret_count=12",
    "<auth.Token object at 0x7f8a12b3c4d5> token: 0x7f8a12b3c4d5e6f7",
    "INFO sk-learn-contrib-and-something-long npm_config_registry=https://e.org hf_hub_download(",
    "git@github.com:octo-lab/vision.git pip install git+https://github.com/octo-lab/vision@9fceb02",
    "100%|██████████| 12/12 [00:03<00:00, 3.2it/s] step 12 loss=0.123 lr=3e-4",
    "    'auth': HTTPBasicAuthHandlerForEverything, 'token': 'Hello', 'secret_key_name': 'DB_PASSWORD'",
    "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has 79.10 GiB",
    json.dumps({"input_token": 50256, "output_token": "Ġhello", "credential": None}),
)
