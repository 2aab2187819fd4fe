import type { Router } from '../router.ts';
import { checkGateways, checkInstalledGateway, checkSharedGateways, toDefaults } from './gateways.ts';
import { checkForeignHosts, checkRoutes } from './loops.ts';
import { read } from './read.ts';
import { render, renderGateways, toHostForms, toMirrorName, watched } from './render.ts';

export const istio = {
  name: 'Istio',
  words: ['VirtualService', 'DestinationRule', 'istio'],
  watched,
  kinds: ['VirtualService', 'DestinationRule', 'ServiceEntry', 'Gateway'],
  unsupported: [],
  toMirrorName,
  render,
  renderShared: renderGateways,
  read,
  toDefaults,
  checkPolicy: checkGateways,
  checkModel: (model) => [...checkRoutes(model), ...checkInstalledGateway(model)],
  checkModels: (models) => [...checkSharedGateways(models), ...checkForeignHosts(models)],
  toHostForms,
} as const satisfies Router;
