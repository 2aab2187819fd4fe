"""A transformer on KServe's own SDK: it asks the predictor that KServe names to it, and adds a half to each prediction."""

import argparse

import kserve


class Transformer(kserve.Model):
    def __init__(self, name: str):
        super().__init__(name)
        self.ready = True

    def postprocess(self, result, headers=None, response_headers=None):
        print("transformed", flush=True)
        return {"predictions": [value + 0.5 for value in result["predictions"]]}


parser = argparse.ArgumentParser(parents=[kserve.model_server.parser])
args, _ = parser.parse_known_args()
kserve.ModelServer(enable_grpc=False).start([Transformer(args.model_name)])
