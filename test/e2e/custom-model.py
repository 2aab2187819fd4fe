"""A model of one's own on KServe's SDK: what scikit-learn predicts, and besides what `behaviour.json` beside the model says:

- `sleep`: it takes so many seconds longer.
- `raises`: of its calls this share ends in an exception.
- `wobble`: each prediction is off by at most this.
- `jumps`: of its calls this share is answered with a half more.
"""

import argparse
import asyncio
import json
import pathlib
import random

import joblib
import kserve


class Custom(kserve.Model):
    def __init__(self, name: str, folder: pathlib.Path):
        super().__init__(name)
        self.model = joblib.load(folder / "model.joblib")
        behaviour = json.loads((folder / "behaviour.json").read_text())
        self.sleep = behaviour.get("sleep", 0)
        self.raises = behaviour.get("raises", 0)
        self.wobble = behaviour.get("wobble", 0)
        self.jumps = behaviour.get("jumps", 0)
        self.ready = True

    async def predict(self, payload, headers=None, response_headers=None):
        await asyncio.sleep(self.sleep)
        if random.random() < self.raises:
            raise RuntimeError("there is a fault in the model")
        jump = 0.5 if random.random() < self.jumps else 0
        values = self.model.predict(payload["instances"])
        off = [jump + random.uniform(-self.wobble, self.wobble) for _ in values]
        return {"predictions": [float(value) + more for value, more in zip(values, off)]}


parser = argparse.ArgumentParser(parents=[kserve.model_server.parser])
parser.add_argument("--model_dir", required=True)
args, _ = parser.parse_known_args()
kserve.ModelServer(enable_grpc=False).start([Custom(args.model_name, pathlib.Path(args.model_dir))])
