import type { Resource } from '../operation';
import { find } from './find';
import { get } from './get';
import { getMany } from './getMany';

export const patient: Resource = {
	name: 'Patient',
	value: 'patient',
	defaultOperation: 'find',
	operations: [find, getMany, get],
};
