import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import { ClinikoError } from '../../errors';
import type { AppointmentsFor } from '../../requests/appointmentsFor';
import { chosenId, chosenRecord } from './chosenId';
import { isLeftOut } from './recordId';

/** What an appointment can be chosen by, besides its patient. */
const CHOICES = [
	{
		displayName: 'Practitioner',
		name: 'practitionerId',
		description: 'Only appointments with this practitioner. Leave it empty for any.',
		searchListMethod: 'searchPractitioners',
	},
	{
		displayName: 'Business',
		name: 'businessId',
		description:
			'Only appointments at this business, Cliniko’s word for a location. Leave it empty for any.',
		searchListMethod: 'searchBusinesses',
	},
	{
		displayName: 'Appointment Type',
		name: 'appointmentTypeId',
		description: 'Only appointments of this type. Leave it empty for any.',
		searchListMethod: 'searchAppointmentTypes',
	},
] as const;

/** The fields in which the user chooses with whom, where and for what appointments are. */
export const appointmentsForFields: INodeProperties[] = CHOICES.map(
	({ searchListMethod, ...field }) => chosenRecord(field, searchListMethod),
);

/**
 * What these fields give. An expression that yields nothing is an error and does not count as empty:
 * whoever wrote it does not want all appointments.
 *
 * @param valueOf the value of a parameter
 * @throws ClinikoError if a field is not empty in the node and gives no exact id
 */
export function appointmentsForIn(
	context: Pick<IExecuteFunctions, 'getNode'>,
	valueOf: (parameter: string) => unknown,
): AppointmentsFor {
	const given: AppointmentsFor = {};
	for (const { name, displayName } of CHOICES) {
		if (isLeftOut(context, { parameter: name })) continue;
		given[name] = chosenId(valueOf(name), displayName);
		if (given[name] !== undefined) continue;
		throw new ClinikoError(
			`${displayName} is not empty in the node, but its expression gives nothing. Without it, far more appointments would be returned than you asked for.`,
			'Check what the expression gives, or leave the field empty if any will do.',
		);
	}
	return given;
}
