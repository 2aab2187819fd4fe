"""Writes three models of the tutorial's iris flowers, which tell a flower's kind as a number: `v1` by a line, `v2` by a
forest, `v3` by a tree. Training them again gives the same numbers. Prints as JSON what each predicts for one flower.

Usage: train.py FOLDER FLOWER, where FLOWER is four measures in centimetres, as 6.8,2.8,4.8,1.4
"""

import json
import pathlib
import sys

import joblib
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression
from sklearn.tree import DecisionTreeRegressor

models = {
    "v1": LinearRegression(),
    "v2": RandomForestRegressor(n_estimators=10, random_state=0),
    "v3": DecisionTreeRegressor(max_depth=2, random_state=0),
}
flower = [float(measure) for measure in sys.argv[2].split(",")]
predictions = {}

flowers, kinds = load_iris(return_X_y=True)
for name, model in models.items():
    folder = pathlib.Path(sys.argv[1], name)
    folder.mkdir(parents=True, exist_ok=True)
    joblib.dump(model.fit(flowers, kinds), folder / "model.joblib")
    predictions[name] = model.predict([flower])[0]
print(json.dumps(predictions))
