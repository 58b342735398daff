import type { Resource } from '../operation';
import { archive } from './archive';
import { create } from './create';
import { get } from './get';
import { getMany } from './getMany';
import { update } from './update';

export const patientCase: Resource = {
	name: 'Patient Case',
	value: 'patientCase',
	defaultOperation: 'getMany',
	operations: [getMany, get, create, update, archive],
};
