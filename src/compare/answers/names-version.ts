/**
 * Whether the name of the model that answered shows that a version did.
 *
 * Only ModelMesh gives each version a name of its own, that of its InferenceService with a hash of what it has loaded:
 * `wisdom-0__isvc-58aa08371b`, in gRPC and REST. Elsewhere versions serve one name, which may even be that of the
 * primary's InferenceService, and a `model_version` is a number in a folder's name, equal for both more often than not:
 * neither shows anything.
 */
export function namesVersion(model: string | undefined, version: string): boolean {
  return model?.startsWith(`${version}__`) ?? false;
}
