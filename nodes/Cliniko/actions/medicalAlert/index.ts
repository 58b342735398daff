import type { Resource } from '../operation';
import { create } from './create';
import { getMany } from './getMany';

export const medicalAlert: Resource = {
	name: 'Medical Alert',
	value: 'medicalAlert',
	defaultOperation: 'getMany',
	operations: [getMany, create],
};
