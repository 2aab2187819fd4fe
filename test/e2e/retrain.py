"""Writes two classifiers of the tutorial's iris flowers: `first`, and `again`, which is trained on every second flower.
Training them again gives the same ones. Prints as JSON a hundred flowers of which the two take three for different kinds,
and what `first` takes each for.

Usage: retrain.py FOLDER
"""

import json
import pathlib
import sys

import joblib
from sklearn.datasets import load_iris
from sklearn.tree import DecisionTreeClassifier

flowers, kinds = load_iris(return_X_y=True)
first, again = (
    DecisionTreeClassifier(max_depth=3, random_state=0).fit(flowers[::step], kinds[::step])
    for step in (1, 2)
)
for name, model in (("first", first), ("again", again)):
    folder = pathlib.Path(sys.argv[1], name)
    folder.mkdir(parents=True, exist_ok=True)
    joblib.dump(model, folder / "model.joblib")
same = first.predict(flowers) == again.predict(flowers)
chosen = [*flowers[same][:97], *flowers[~same][:3]]
print(json.dumps({"flowers": [list(flower) for flower in chosen], "kinds": first.predict(chosen).tolist()}))
