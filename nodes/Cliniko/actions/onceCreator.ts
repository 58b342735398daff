import type { IExecuteFunctions } from 'n8n-workflow';

import { OnceCreator } from '../once/createOnce';
import { CreationMemory } from '../once/creationMemory';
import type { ClinikoApi } from '../transport/cliniko/clinikoApi';
import { pauseFor, runIndexOf } from '../transport/n8n';

/** What creates records that belong to a patient, with what earlier attempts of this execution have left. */
export function onceCreatorFor(context: IExecuteFunctions, api: ClinikoApi): OnceCreator {
	const memory = new CreationMemory(context.getContext('node'), runIndexOf(context));
	return new OnceCreator(api, pauseFor(context), memory);
}
