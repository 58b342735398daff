import type { Resource } from '../operation';
import { create } from './create';
import { find } from './find';
import { get } from './get';
import { getMany } from './getMany';
import { update } from './update';
import { upsert } from './upsert';

export const patient: Resource = {
	name: 'Patient',
	value: 'patient',
	defaultOperation: 'find',
	operations: [find, upsert, create, update, getMany, get],
};
