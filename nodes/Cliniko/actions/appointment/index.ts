import type { Resource } from '../operation';
import { getMany } from './getMany';

export const appointment: Resource = {
	name: 'Appointment',
	value: 'appointment',
	defaultOperation: 'getMany',
	operations: [getMany],
};
