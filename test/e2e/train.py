"""Writes the two models of the tutorial's iris flowers, which tell a flower's kind as a number: `v1` by a line, `v2` by a
forest. They differ for nearly every flower, and training them again gives the same numbers.

Usage: train.py FOLDER
"""

import pathlib
import sys

import joblib
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression

models = {
    "v1": LinearRegression(),
    "v2": RandomForestRegressor(n_estimators=10, random_state=0),
}

flowers, kinds = load_iris(return_X_y=True)
for name, model in models.items():
    folder = pathlib.Path(sys.argv[1], name)
    folder.mkdir(parents=True, exist_ok=True)
    joblib.dump(model.fit(flowers, kinds), folder / "model.joblib")
