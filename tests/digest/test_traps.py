"""The traps that real logs set, each in an invented log."""

from __future__ import annotations

import json

import pytest
from digest_logs import TRAILER, digest

from beaker_ci.digest import Digester

FRAME = '  File "/data/train/main.py", line 97, in main\n    value = compute(batch)\n'
HEAD = "Traceback (most recent call last):\n"
KEY = f"{HEAD}{FRAME}KeyError: 'lr'\n"
STEPS = "".join(f"step {step} loss 8.4410\n" for step in range(40))
TICKS = "tick 4 sec 9\n" * 30
OPENING = (
    "Reading configuration from configs/base.toml\nBuilding the model with 12 layers\n"
    "Loading 4,096 examples from /data/train\nOptimizer is adamw with learning rate 3e-4\n"
    "Saving checkpoints under /results/run\n"
)
LIMIT = (
    "slurmstepd: error: *** JOB 12 ON n1 CANCELLED AT 2026-02-03T11:44:09 DUE TO TIME LIMIT ***\n"
)
OTHER = "slurmstepd: error: *** JOB 13 ON n2 CANCELLED AT 2026-02-04T09:00:01 ***\n"


def each(prefix: str, text: str) -> str:
    return "".join(f"{prefix}{line}\n" for line in text.splitlines())


def group(*leaves: str) -> str:
    """What Python prints of a group of exceptions; each leaf as it would be printed alone."""
    text = f"+ Exception Group {HEAD}"
    text += each("| ", f"{FRAME}ExceptionGroup: tasks failed ({len(leaves)} sub-exceptions)")
    for number, leaf in enumerate(leaves, 1):
        rule = f"{'-' * 16} {number} {'-' * 16}"
        text += f"+-+{rule}\n" if number == 1 else f"  +{rule}\n"
        inner = leaf.startswith("  + ")
        text += each("  ", leaf.replace("+", "|", 1)) if inner else each("  | ", leaf)
    return each("  ", f"{text}  +{'-' * 36}")


TRAPS = {
    "a report names a file without saying why it could not be read": (
        (
            "==== ERRORS ====\n____ ERROR collecting tests/test_loader.py ____\n"
            "ImportError while importing test module '/src/tests/test_loader.py'.\n"
            "Traceback:\ntests/test_loader.py:3: in <module>\n    from loader import Shards\n"
            "E   ModuleNotFoundError: No module named 'loader'\n"
            "==== short test summary info ====\nERROR tests/test_loader.py\n"
            "!!!! Interrupted: 1 error during collection !!!!\n==== 1 error in 0.20s ====\n"
        ),
        "E   ModuleNotFoundError: No module named 'loader'",
    ),
    "a launcher's wrapper comes last": (
        (
            f"{STEPS}{KEY}E0203 11:04:09.000000 77 torch/distributed/elastic/multiprocessing/api.py:874] "
            "failed (exitcode: 1) local_rank: 0 (pid: 77) of binary: /opt/env/bin/python\n"
            f'{HEAD}  File "/opt/env/bin/torchrun", line 8, in <module>\n    sys.exit(main())\n'
            "torch.distributed.elastic.multiprocessing.errors.ChildFailedError: \n"
            "============\ntrain/main.py FAILED\nRoot Cause (first observed failure):\n"
            "  exitcode  : 1 (pid: 77)\n  error_file: <N/A>\n"
        ),
        "KeyError: 'lr'",
    ),
    "an engine says that the cause is above": (
        each(
            "(EngineCore_0 pid=91) ERROR 02-03 11:04:09 [core.py:718] ",
            f"EngineCore failed to start.\n{HEAD}{FRAME}ValueError: max seq len 32768 is larger than 4096",
        )
        + each(
            "(APIServer pid=9) ",
            f"{HEAD}{FRAME}RuntimeError: Engine core initialization failed. See root cause above. Failed core proc(s): {{}}",
        ),
        "ValueError: max seq len 32768 is larger than 4096",
    ),
    "a subprocess failed and its output is above": (
        f"{KEY}{HEAD}{FRAME}subprocess.CalledProcessError: Command '['make', 'eval']' returned non-zero exit status 2.\n",
        "KeyError: 'lr'",
    ),
    "a loader's worker carries the traceback in its message": (
        (
            f"{HEAD}{FRAME}KeyError: Caught KeyError in DataLoader worker process 3.\n"
            f"Original {HEAD}"
            '  File "/data/train/data.py", line 5, in __getitem__\n    return self.rows[name]\n'
            "KeyError: 'shard-7'\n\n"
        ),
        "KeyError: 'shard-7'",
    ),
    "another level prefix on each line": (
        each("ERROR 02-03 11:04:09 [engine.py:12] ", KEY),
        "KeyError: 'lr'",
    ),
    "a build step's number and time": (
        each("#7 12.4 ", KEY) + "ERROR: failed to solve: process did not complete\n",
        "KeyError: 'lr'",
    ),
    "glued behind a bar": (
        " 41%|███  | 7/17 [00:03<00:04, 2.1it/s]slurmstepd: error: *** JOB 12 ON n1 CANCELLED AT 2026-02-03T11:04:09 ***\n",
        "slurmstepd: error: *** JOB 12 ON n1 CANCELLED AT 2026-02-03T11:04:09 ***",
    ),
    "glued behind a question": (f"Continue? [y/N]: {KEY}", "KeyError: 'lr'"),
    "one line of a megabyte of carriage returns": (
        "".join(f"step {step}\r" for step in range(120_000)) + "RuntimeError: nan loss",
        "RuntimeError: nan loss",
    ),
    "a line of two megabytes without a return": (
        "x" * 2_000_000 + " RuntimeError: x\n" + KEY,
        "KeyError: 'lr'",
    ),
    "a multi-line message": (
        f"{HEAD}{FRAME}RuntimeError: CUDA error: misaligned address\nHint: rerun with blocking launches\n",
        "RuntimeError: CUDA error: misaligned address",
    ),
    "the second error is collateral": (
        (
            f"{HEAD}{FRAME}ValueError: volume scratch7 is bad\n\n"
            f"During handling of the above exception, another exception occurred:\n\n{HEAD}{FRAME}"
            "ValueError: I/O operation on closed file\n"
        ),
        "ValueError: volume scratch7 is bad",
    ),
    "the second error says it better": (
        (
            f"{HEAD}{FRAME}KeyError: 'lr'\n\n"
            "The above exception was the direct cause of the following exception:\n\n"
            f"{HEAD}{FRAME}train.SettingsError: the learning rate is not set\n"
        ),
        "train.SettingsError: the learning rate is not set",
    ),
    "denied hundreds of times, then an empty list": (
        "".join(
            f"WARNING store: An error occurred (403) when calling Head: Forbidden part-{i:04}\n"
            for i in range(300)
        )
        + f"{HEAD}{FRAME}Exception: nothing to train on\n",
        "WARNING store: An error occurred (403) when calling Head: Forbidden part-0299",
    ),
    "a class that ends in neither Error nor Exception": (
        f"{HEAD}{FRAME}mypkg.quota.SlotsTaken: 3 of 2\n",
        "mypkg.quota.SlotsTaken: 3 of 2",
    ),
    "prints after the traceback": (f"{KEY}epoch 3 done\nepoch 4 done\n", "KeyError: 'lr'"),
    "cancelled minutes after it hung": (
        f"{KEY}slurmstepd: error: *** JOB 12 ON n1 CANCELLED AT 2026-02-03T11:44:09 ***\n",
        "KeyError: 'lr'",
    ),
    "the time limit after an exception that was survived": (
        f"{KEY}{STEPS}slurmstepd: error: *** JOB 12 ON n1 CANCELLED AT 2026-02-03T11:44:09 DUE TO TIME LIMIT ***\n",
        "slurmstepd: error: *** JOB 12 ON n1 CANCELLED AT 2026-02-03T11:44:09 DUE TO TIME LIMIT ***",
    ),
    "the time limit long after the program had failed": (f"{STEPS}{KEY}{LIMIT}", "KeyError: 'lr'"),
    "a helper that a library started fails as the time is up": (
        f'{STEPS}{HEAD}  File "<string>", line 1, in <module>\n{FRAME}KeyError: 4\n{LIMIT}',
        LIMIT.strip(),
    ),
    "another run wrote into the same file": (
        f"{OPENING}{KEY}{STEPS}{STEPS}{OPENING}{STEPS}{OTHER}",
        OTHER.strip(),
    ),
    "another run in the same file has nothing to tell": (
        f"{OPENING}{STEPS}{STEPS}{KEY}{OPENING}",
        "KeyError: 'lr'",
    ),
    "another job wrote into the file after its scheduler's last word on one": (
        f"{KEY}{LIMIT}{STEPS}{STEPS}{OTHER}",
        OTHER.strip(),
    ),
    "threads that panicked, and long after them the error that ended it": (
        (
            "thread 'pool-7' panicked at src/table.rs:26:2:\nno column\n"
            f"{STEPS * 30}Error: invalid type: null at line 33\n"
        ),
        "Error: invalid type: null at line 33",
    ),
    "memory ran out in C++, which then aborts": (
        (
            "terminate called after throwing an instance of 'std::bad_alloc'\n  what():  std::bad_alloc\n"
            "[n1:77] *** Process received signal ***\n[n1:77] Signal: Aborted (6)\n"
        ),
        "  what():  std::bad_alloc",
    ),
    "memory of a GPU ran out in C++, and the launcher ended the others": (
        (
            "GPUassert: hipErrorOutOfMemory src/tables.cu 33\nsrun: error: n1: task 3: Exited with exit code 1\n"
            "slurmstepd: error: *** STEP 1.0 ON n1 CANCELLED AT 2026-02-03T11:04:09 ***\n"
            "srun: error: n1: tasks 0-2: Terminated\n"
        ),
        "GPUassert: hipErrorOutOfMemory src/tables.cu 33",
    ),
    "a program was called wrongly, and the next one failed": (
        f"usage: prepare.py [-h] [--workers N]\nprepare.py: error: argument --workers: expected one argument\n{KEY}",
        "KeyError: 'lr'",
    ),
    "a script that is not there, and another one that is": (
        f"python: can't open file 'trian.py': [Errno 2] No such file or directory\n{STEPS}{HEAD}{FRAME}KeyboardInterrupt\n",
        "KeyboardInterrupt",
    ),
    "a scheduler counts the memory before it ends the job": (
        f"slurmstepd: error: Job 13 exceeded memory limit (83559 > 40672), being killed\n{OTHER}",
        "slurmstepd: error: Job 13 exceeded memory limit (83559 > 40672), being killed",
    ),
    "an option on a line of its own": (
        f"{STEPS}sh: 5: --layers: not found\n",
        "sh: 5: --layers: not found",
    ),
    "a failure that a program caught and told": (
        f"{STEPS}Table pipeline failed: the tables have no key\n\nTook 130 seconds\n",
        "Table pipeline failed: the tables have no key",
    ),
    "a trainer that a person stopped": (
        f'{STEPS}/opt/call.py:5: UserWarning: Detected KeyboardInterrupt, shutting down\n  warn("Detected KeyboardInterrupt")\n',
        "/opt/call.py:5: UserWarning: Detected KeyboardInterrupt, shutting down",
    ),
    "a thread of a Java virtual machine": (
        'Exception in thread "main" java.lang.IllegalStateException: no tables\n\tat a.B.main(B.java:7)\n',
        'Exception in thread "main" java.lang.IllegalStateException: no tables',
    ),
    "a package that R does not find": (
        "Loading tables\nError in library(tables) : there is no package called 'tables'\nExecution halted\n",
        "Error in library(tables) : there is no package called 'tables'",
    ),
    "an earlier exception was survived": (
        f"{KEY}{STEPS}{HEAD}{FRAME}TypeError: unhashable type: 'list'\n",
        "TypeError: unhashable type: 'list'",
    ),
    "memory ran out once and the batch was halved": (
        f"{HEAD}{FRAME}torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB\n{STEPS * 10}{KEY}",
        "KeyError: 'lr'",
    ),
    "the rank that failed first took the others down": (
        each("[rank3]: ", KEY)
        + each("[rank0]: ", f"{HEAD}{FRAME}RuntimeError: [1] Connection closed by peer")
        + "[rank5]: Watchdog caught collective operation timeout: ran for 600071 milliseconds\n",
        "KeyError: 'lr'",
    ),
    "the first of two ranks": (
        each("[rank3]: ", KEY) + each("[rank0]: ", f"{HEAD}{FRAME}TypeError: got None"),
        "KeyError: 'lr'",
    ),
    "a watchdog, with C++ frames last": (
        (
            "[rank5]: Watchdog caught collective operation timeout: WorkNCCL ran for 600071 milliseconds\n"
            "terminate called after throwing an instance of 'c10::DistBackendError'\n"
            "frame #0: c10::Error::Error(c10::SourceLocation) + 0x57 (0x1511 in /lib/libc10.so)\n"
            "frame #1: <unknown function> + 0x94ac3 (0x1511 in /lib/libc.so.6)\n"
        ),
        "Watchdog caught collective operation timeout: WorkNCCL ran for 600071 milliseconds",
    ),
    "source code in the log": (
        f'        raise ValueError("empty caption")\n{KEY}        logger.error("lost")\n',
        "KeyError: 'lr'",
    ),
    "a story in which someone is killed": (
        f"{KEY}> and so the king was killed in error\n> Error by error he failed to rule\n",
        "KeyError: 'lr'",
    ),
    "exceptions in a box": (
        (
            "╭───────── Traceback (most recent call last) ─────────╮\n"
            "│ /data/train/main.py:97 in main                      │\n"
            "│                                                     │\n"
            "│   96 │   batch = next(batches)                      │\n"
            "│ ❱ 97 │   value = compute(batch)                     │\n"
            "╰─────────────────────────────────────────────────────╯\n"
            "KeyError: 'lr'\n"
        ),
        "KeyError: 'lr'",
    ),
    "a group of exceptions": (
        (
            "  + Exception Group Traceback (most recent call last):\n"
            '  |   File "/data/train/main.py", line 9, in <module>\n'
            "  |     asyncio.run(main())\n"
            "  | ExceptionGroup: unhandled errors in a TaskGroup (1 sub-exception)\n"
            "  +-+---------------- 1 ----------------\n"
            "    | Traceback (most recent call last):\n"
            '    |   File "/data/train/main.py", line 97, in main\n'
            "    |     value = compute(batch)\n"
            "    | KeyError: 'lr'\n"
            "    +------------------------------------\n"
        ),
        "KeyError: 'lr'",
    ),
    "a group of several exceptions, each with its own traceback": (
        group(KEY, f"{HEAD}{FRAME}FileNotFoundError: no tables\n"),
        "KeyError: 'lr'",
    ),
    "a group within a group": (
        group(
            group(f"{HEAD}{FRAME}ValueError: width is 0\n", KEY),
            f"{HEAD}{FRAME}TypeError: got None\n",
        ),
        "ValueError: width is 0",
    ),
    "a group whose first exception only was cancelled": (
        group(f"{HEAD}{FRAME}asyncio.exceptions.CancelledError\n", KEY),
        "KeyError: 'lr'",
    ),
    "a group whose first message is long": (
        group(
            f"{HEAD}{FRAME}ValueError: the tables\n{TICKS}", f"{HEAD}{FRAME}TypeError: x\n"
        ).replace("    | tick", "tick"),
        "ValueError: the tables",
    ),
    "a group of exceptions that nobody raised": (
        group("ValueError: width is 0\n", "TypeError: got None\n"),
        "ValueError: width is 0",
    ),
    "a group after an exception that it was raised for": (
        (
            f"{KEY}\nDuring handling of the above exception, another exception occurred:\n\n"
            + group(f"{HEAD}{FRAME}ValueError: width is 0\n", f"{HEAD}{FRAME}TypeError: x\n")
        ),
        "ValueError: width is 0",
    ),
    "a traceback escaped into one line": (
        json.dumps({"level": "error", "message": "failed", "stack": KEY}) + "\n",
        "KeyError: 'lr'",
    ),
    "a syntax error": (
        (
            f'{HEAD}  File "/data/train/main.py", line 3, in <module>\n    import model\n'
            '  File "/data/train/model.py", line 7\n    def forward(self\n               ^\n'
            "SyntaxError: '(' was never closed\n"
        ),
        "SyntaxError: '(' was never closed",
    ),
    "uv puts the cause below": (
        (
            "⠙ Resolving dependencies...  × No solution found when resolving dependencies:\n"
            "  ╰─▶ Because tables==99.1 was not found and you require tables==99.1, we can conclude that\n"
            "      your requirements are unsatisfiable.\n"
        ),
        "  ╰─▶ Because tables==99.1 was not found and you require tables==99.1, we can conclude that",
    ),
    "a gated model, chained": (
        (
            f"{HEAD}{FRAME}requests.exceptions.HTTPError: 401 Client Error: Unauthorized for url: https://m.example/x\n\n"
            f"The above exception was the direct cause of the following exception:\n\n{HEAD}{FRAME}"
            "OSError: You are trying to access a gated repo.\nMake sure to have access to it.\n"
        ),
        "OSError: You are trying to access a gated repo.",
    ),
    "tests that expect exceptions, and one that fails": (
        (
            "tests/test_io.py::test_bad PASSED\nERROR train: could not read (expected)\n"
            "=== FAILURES ===\n____ test_roundtrip ____\n\n>       assert 3 == 4\nE       assert 3 == 4\n\n"
            "tests/test_io.py:12: AssertionError\n---- Captured stderr call ----\n"
            f"{KEY}=== short test summary info ===\n"
            "FAILED tests/test_io.py::test_roundtrip - assert 3 == 4\n=== 1 failed, 1 passed in 0.1s ===\n"
            "Name      Stmts   Miss  Cover\ntrain.py     10      0   100%\nerror: coverage 100 is above 99\n"
        ),
        "FAILED tests/test_io.py::test_roundtrip - assert 3 == 4",
    ),
    "three attempts in one file": (
        (
            f"{KEY}[launcher] attempt 2 of 3\n{HEAD}{FRAME}TypeError: got None\n[launcher] attempt 3 of 3\n"
            f"{HEAD}{FRAME}ValueError: width is 0\n"
        ),
        "ValueError: width is 0",
    ),
    "a thread that only pins memory": (
        (
            f"{KEY}Exception in thread Thread-4 (_pin_memory_loop):\n{HEAD}{FRAME}"
            "ConnectionResetError: [Errno 104] Connection reset by peer\n"
        ),
        "KeyError: 'lr'",
    ),
    "an interrupted library": (f"{STEPS}^C{HEAD}{FRAME}KeyboardInterrupt\n", "KeyboardInterrupt"),
    "refused by a server, in a line like any other": (
        f"{STEPS}fetching weights\n403 Forbidden\n",
        "403 Forbidden",
    ),
    "a traceback in a tool's output, indented": (
        (
            "  error: subprocess-exited-with-error\n  ╰─> [5 lines of output]\n"
            f"{each('      ', f'{HEAD}{FRAME}ModuleNotFoundError: No module named {chr(39)}torch{chr(39)}')}"
            "      [end of output]\nerror: metadata-generation-failed\n"
        ),
        "ModuleNotFoundError: No module named 'torch'",
    ),
    "a core was dumped after a check failed": (
        "infer: /src/kernel.cc:88: void run(int): Assertion `n > 0' failed.\nAborted (core dumped)\n",
        "infer: /src/kernel.cc:88: void run(int): Assertion `n > 0' failed.",
    ),
    "the shell repeats what the interpreter said": (
        "Fatal Python error: Segmentation fault\n\nrun.sh: line 7: 31 Segmentation fault (core dumped) python a.py\n",
        "Fatal Python error: Segmentation fault",
    ),
    "NCCL's own words below its exception": (
        (
            f"{HEAD}{FRAME}torch.distributed.DistBackendError: NCCL error in: nccl.cpp:1691, remote process exited\n"
            "ncclRemoteError: A call failed possibly due to a network error.\nLast error:\nNET/IB : status=12\n"
        ),
        "NET/IB : status=12",
    ),
    "a pool gives up while its program is being stopped": (
        (
            f"{HEAD}{FRAME}KeyboardInterrupt\n\nDuring handling of the above exception, another exception "
            f"occurred:\n\n{HEAD}{FRAME}    raise TimeoutError\nmultiprocess.context.TimeoutError\n"
        ),
        "KeyboardInterrupt",
    ),
    "a server is stopped, and its engine's death is the consequence": (
        "(EngineCore pid=91) INFO 02-03 11:04:09 [core.py:7] [shutdown] trigger received signal=SIGTERM\n"
        + each(
            "(APIServer pid=9) ",
            f"{HEAD}{FRAME}EngineDeadError: See stack trace (above) for the root cause.",
        ),
        "[shutdown] trigger received signal=SIGTERM",
    ),
    "an extension that does not compile": (
        (
            'kernel.cu(12): error: identifier "foo" is undefined\nninja: build stopped: subcommand failed.\n'
            f"{HEAD}{FRAME}RuntimeError: Error building extension 'k'\n"
        ),
        'kernel.cu(12): error: identifier "foo" is undefined',
    ),
    "a logger's name before its level": (
        "2026-02-03 11:04:09,123 - train - ERROR - Missing section data\n",
        "- train - ERROR - Missing section data",
    ),
    "finished, but not well": (
        f"{KEY}{STEPS * 40}Script finished with exit code 1\n",
        "KeyError: 'lr'",
    ),
    "srun numbers the lines and pads the numbers": (
        each("  0: ", KEY)
        + "srun: error: n1: task 0: Exited with exit code 1\n"
        + "slurmstepd: error: *** STEP 1.0 ON n1 CANCELLED AT 2026-02-03T11:04:09 ***\n",
        "KeyError: 'lr'",
    ),
    "torchrun shows the traceback of a recorded error": (
        (
            "torch.distributed.elastic.multiprocessing.errors.ChildFailedError: \n"
            "  exitcode  : 1 (pid: 206)\n  traceback : "
            f"{HEAD}{each('  ', FRAME)}  KeyError: 'lr'\n  \n============\n"
        ),
        "KeyError: 'lr'",
    ),
    "a module that was missed in passing": (
        f"No module named 'tables._fast'\n{STEPS}{HEAD}{FRAME}NotImplementedError: no scorer for maze\n",
        "NotImplementedError: no scorer for maze",
    ),
    "a loader's worker carries an exception of another class than it says": (
        (
            f"{HEAD}{FRAME}FileNotFoundError: Caught FileNotFoundError in DataLoader worker process 0.\n"
            f"Original {HEAD}{FRAME}sounds.ReadError: Error opening '/data/a7.wav'\n\n"
            f"During handling of the above exception, another exception occurred:\n\n{HEAD}{FRAME}"
            "FileNotFoundError: [Errno 2] No such file or directory: '/data/a7.wav'\n"
        ),
        "FileNotFoundError: [Errno 2] No such file or directory: '/data/a7.wav'",
    ),
    "an engine that died is named by its server": (
        each(
            "(Worker_TP0 pid=91) ERROR 02-03 11:04:09 [executor.py:962] ",
            f"{HEAD}{FRAME}RuntimeError: the kernel refused its arguments",
        )
        + each(
            "(EngineCore pid=92) ERROR 02-03 11:04:09 [core.py:718] ",
            f"{HEAD}{FRAME}RuntimeError: Worker failed with error 'the kernel refused its arguments', "
            "please check the stack trace above for the root cause",
        )
        + each(
            "(APIServer pid=9) ERROR 02-03 11:04:09 [llm.py:7] ",
            f"{HEAD}{FRAME}vllm.v1.engine.exceptions.EngineDeadError: EngineCore encountered an issue. "
            "See stack trace (above) for the root cause.",
        ),
        "RuntimeError: the kernel refused its arguments",
    ),
    "an engine died without a word, and its server went down in order": (
        each(
            "(APIServer pid=9) ERROR 02-03 11:04:09 [llm.py:7] ",
            f"{HEAD}{FRAME}vllm.v1.engine.exceptions.EngineDeadError: EngineCore encountered an issue.",
        )
        + "INFO:     Application shutdown complete.\n",
        "vllm.v1.engine.exceptions.EngineDeadError: EngineCore encountered an issue.",
    ),
    "a test that was tried as often as allowed": (
        (
            f"{HEAD}{FRAME}AssertionError: 96.8 is below 108.9\n\n"
            f"During handling of the above exception, another exception occurred:\n\n{HEAD}{FRAME}"
            '    raise Exception("gave up")\nException: retry() exceed maximum number of retries.\n'
        ),
        "AssertionError: 96.8 is below 108.9",
    ),
    "interrupted while it waited for a task": (
        (
            f"{HEAD}{FRAME}asyncio.exceptions.CancelledError\n\n"
            f"During handling of the above exception, another exception occurred:\n\n{HEAD}{FRAME}"
            "KeyboardInterrupt\n"
        ),
        "KeyboardInterrupt",
    ),
    "a program could not take its argument because of an exception": (
        (
            f"Error: Invalid value for '--app':\nUnable to load it:\n{HEAD}"
            '  File "/opt/env/lib/python3.11/site-packages/tool/cli.py", line 8, in load\n    load()\n'
            "ModuleNotFoundError: No module named 'tables'\n"
        ),
        "ModuleNotFoundError: No module named 'tables'",
    ),
    "memory ran out in an earlier run of a garbled log": (
        f"CUDA out of memory. Tried to allocate 2.00 GiB\n{STEPS * 30}ValueError: width is 0\n",
        "ValueError: width is 0",
    ),
    "tries that were given up": (
        (
            f"{KEY}\nThe above exception was the direct cause of the following exception:\n\n"
            f"{HEAD}{FRAME}tenacity.RetryError: RetryError[<Future at 0x7f raised KeyError>]\n"
        ),
        "KeyError: 'lr'",
    ),
}


@pytest.mark.parametrize("name", TRAPS)
def test_the_cause_is_named(name: str) -> None:
    log, cause = TRAPS[name]
    assert digest(log).root_cause[0].text == cause
    assert digest(log.encode().rstrip(b"\n") + b"\n" + TRAILER).root_cause[0].text == cause


WELL = {
    "nothing": "",
    "steps": STEPS,
    "a trailer": TRAILER.decode(),
    "tests": "tests/test_io.py::test_error_is_raised PASSED\n=== 3 passed, 1 skipped in 0.2s ===\n",
    "a run after one that failed, and the shell's word": f"{KEY}{STEPS * 2}BUILD_EXIT_CODE=0\n",
    "a scheduler's report of a later job": f"{KEY}{STEPS}Successfully completed.\n\nRun time : 7 sec.\n",
    "a run after one that was called wrongly": (
        f"train.py: error: argument --name: expected one argument\n{'table 7 is read' * 9}\n{STEPS * 5}saved\n"
    ),
    "work goes on long after an exception": f"{KEY}{STEPS * 5}step 9 auc: 0.81\n",
    "another run did well": f"{KEY}{STEPS}Training finished successfully\n",
    "what was missed to be fast": (
        f"ERROR 02-03 11:04:09 [tables.py:7] Cannot use version 2 here\n{STEPS}PASS: cosine 0.74\n"
    ),
    "a server that refused requests": (
        "INFO 02-03 11:04:08 [server.py:31] listening\n"
        + each(
            "ERROR 02-03 11:04:09 [chat.py:203] ",
            f"Error in preprocessing prompt inputs\n{HEAD}{FRAME}"
            "ValueError: This model's maximum context length is 64 tokens. However, you asked for 99.",
        )
        + 'INFO:     10.0.0.9:4711 - "POST /v1/chat HTTP/1.1" 400 Bad Request\n'
        'INFO:     10.0.0.9:4712 - "GET /v1/models HTTP/1.1" 401 Unauthorized\n'
        "INFO:     Application shutdown complete.\n"
    ),
    "a trainer's summary after runs that failed": (
        f"{KEY}{STEPS}{{'train_runtime': 21.8, 'train_loss': 5.2, 'epoch': 25.0}}\n"
    ),
    "no repository, as others say it": (
        f"fatal: Not a git repository (or any of the parent directories): .git\n{STEPS}Top1: 0.64\n"
    ),
    "files that are passed over": (
        "Error: Could not find the sound of 966\nSkipping 1039 - it is there\nSkipping 1061 - it is there\n"
    ),
    "results that were saved all the same": (
        "Error while reading file 7\nresult file saved to /results/val.json\ncomm 0x9a97 - Abort COMPLETE\n"
    ),
    "retries": f"ERROR store: request failed, retrying in 4 s\n{STEPS}Training complete\n",
    "counts": f"{STEPS}0 errors, failed=0, error_rate=0.12\nerrors: 0\n",
    "long past": f"{KEY}{STEPS * 40}Training finished successfully\n",
    "another run in the same file": f"{OPENING}{KEY}{STEPS}{STEPS}{OPENING}{STEPS}Training finished\n",
    "two runs at the same time, one of which draws a bar": (
        KEY
        + "\r".join(f" 7%|#  | {i}/20000 [00:09<1:02:09, 9.1it/s]" for i in range(8000))
        + "\nTraining finished\n"
    ),
    "a choice that did not work": f"{STEPS}Runtime error during autotuning:\nIgnoring this choice.\nall is set\n",
    "a module that is done without": f"Skipping table export: No module named 'tables'\n{TICKS}",
    "what a model said, as data": TICKS + '{"id": 4, "output": "I am unable to say"}\n' * 2,
    "a shell that conda does not know": (
        f"CommandNotFoundError: Your shell has not been properly configured to use 'conda activate'.\n{TICKS}"
    ),
    "a count of what failed": f"{STEPS}Passed: 25/25\nFailed: 0/25\n",
    "a tool that is asked for in passing": f"/bin/sh: 1: lspci: not found\n{STEPS}",
    "an error that a program logged and long outlived": (
        "2026-02-03 11:04:09,123 - ERROR - no model: You are trying to access a gated repo.\n"
        + "asking for shards\n" * 1100
    ),
    "an error that was passed over": f"{STEPS}could not place table 7\n{STEPS}evaluated\n",
    "abstracts of papers": f"{STEPS}['{'We show how networks learn. ' * 9}Methods failed to converge.']\nreal 0m3s\n",
    "a warning at the end": f"{STEPS}2026-02-03 11:04:09 WARNING failed to place the model\n|task|acc|\n|a|0.4|\n|b|0.5|\n",
    "a backend that is not there": f"I0000 bridge Unable to initialize backend 'tpu': cannot open shared object file\n{STEPS}",
    "what a model said": f"{STEPS}Answer: Exceptions are raised when an operation failed to complete.\nScore: 0.9\n",
    "a figure that is undefined": "step 1 grad_norm nan loss 3.2\nepoch 1 val_auc nan (one class)\n",
    "a usage text": "  --on-error   what to do when an example failed to parse\nacc 0.4\n",
    "one of several processes": "results saved\nNot the main process. Exiting\n",
    "no repository": f"fatal: not a git repository: .git\n{STEPS}Training complete!\n",
    "a message that could not be logged": (
        f"{STEPS}--- Logging error ---\n{HEAD}{FRAME}TypeError: not all arguments converted during string "
        "formatting\nCall stack:\n"
        f"{FRAME}Message: 'Total :'\nArguments: (7,)\n"
    ),
    "a node leaves after the others are done": (
        f"{STEPS}W0203 11:04:09 77 dynamic_rendezvous.py:1282] The node 'n1_77_0' has failed to shutdown the "
        "rendezvous 'r1' due to an error of type RendezvousConnectionError.\n"
        "[W203 11:04:09.935789486 TCPStore.cpp:122] [c10d] sendBytes failed on SocketImpl(fd=4): Broken pipe\n"
        "frame #0: c10::Error::Error(c10::SourceLocation, std::string) + 0x96 (0x7fdf in libc10.so)\n"
    ),
    "warnings": f"/opt/x.py:3: UserWarning: failed to load the fast kernel\n  warnings.warn(\n{STEPS * 5}Done.\n",
}


@pytest.mark.parametrize("name", WELL)
def test_nothing_is_named_where_nothing_failed(name: str) -> None:
    found = digest(WELL[name])
    assert (found.root_cause, found.headline, found.confidence) == ((), "", "none")


@pytest.mark.parametrize("prefix", ["[rank3]: ", "2026-02-03T11:04:09.123456Z "])
def test_a_prefix_hides_no_good_end(prefix: str) -> None:
    assert [name for name, log in WELL.items() if digest(each(prefix, log)).root_cause] == []


def test_the_first_of_a_group_is_named_and_the_others_are_told_too() -> None:
    later = (f"{HEAD}{FRAME}TypeError: got None\n", f"{HEAD}{FRAME}OSError: no tables\n")
    found = digest(group(KEY, *later))
    assert [line.text for line in found.root_cause] == [
        "KeyError: 'lr'",
        "TypeError: got None",
        "OSError: no tables",
        "ExceptionGroup: tasks failed (3 sub-exceptions)",
    ]
    assert found.frame is not None
    assert found.frame.source == "value = compute(batch)"


ANY_WORDS = [
    "worker-1: ",
    "train-7c9f main ",
    "00E ",
    "2026-02-03T11:04:09Z train-7c9f main ",
    "2026-02-03 11:04:09.123 | ERROR    | train.main:run:12 - ",
    "2026-02-03 11:04:09,123 - train - ERROR - ",
    "[12:04:09 node-7] ",
]
"""Prefixes that are known as such only by the traceback behind them."""


@pytest.mark.parametrize("prefix", ANY_WORDS)
def test_a_traceback_behind_any_words(prefix: str) -> None:
    chain = f"{KEY}\nDuring handling of the above exception, another exception occurred:\n\n"
    logs = [KEY, group(KEY, chain), f"{chain}{HEAD}{FRAME}KeyError: 'rate'\n", f"{KEY}{STEPS}{KEY}"]
    for log in logs:
        plain, found = digest(log), digest(each(prefix, log))
        assert (found.headline, found.rule) == (plain.headline, plain.rule)
        assert found.root_cause[0].line == plain.root_cause[0].line
        assert found.frames == plain.frames


def test_two_nodes_behind_any_words_line_by_line() -> None:
    other = f"{HEAD}{FRAME}ValueError: width is 0\nwaiting\n"
    both = zip([*KEY.splitlines(), "waiting"], other.splitlines(), strict=True)
    log = "".join(f"node-1: {one}\nnode-2: {two}\n" for one, two in both)
    found = digest(log)
    assert [(line.text, line.stream) for line in found.root_cause] == [
        ("KeyError: 'lr'", "node-1"),
        ("ValueError: width is 0", "node-2"),
    ]


@pytest.mark.parametrize("prefix", ["> ", "INFO train: ", "WARNING:train:", f"{'word ' * 30}"])
def test_words_that_are_no_prefix(prefix: str) -> None:
    """A quotation, a survived failure, and prose."""
    assert digest(each(prefix, KEY) + STEPS).headline != "KeyError: 'lr'"


def test_a_name_made_of_words_is_hidden_too() -> None:
    digester = Digester(hide=lambda text: text.replace("canary-7", "***"))
    digester.feed(each("canary-7: ", KEY).encode())
    found = digester.finish()
    assert (found.headline, found.streams) == ("KeyError: 'lr'", ("***",))


@pytest.mark.parametrize(
    "line",
    [
        "Feb 03 11:04:09 Failed shard[12]: CUDA out of memory.",
        "worker 3: CUDA out of memory.",
        "app[main]: CUDA out of memory.",
        "17 CUDA out of memory.",
        "1770116649 CUDA out of memory.",
        "[12] CUDA out of memory.",
        "01E CUDA out of memory.",
    ],
)
def test_a_lines_own_words_are_no_prefix(line: str) -> None:
    assert digest(f"{STEPS}{line}\n").root_cause[0].text == line.removeprefix("Feb 03 11:04:09 ")
