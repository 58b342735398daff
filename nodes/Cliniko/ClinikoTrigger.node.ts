import {
	NodeConnectionTypes,
	type INodeExecutionData,
	type INodeType,
	type INodeTypeDescription,
	type IPollFunctions,
} from 'n8n-workflow';

import { appointmentsForFields, appointmentsForIn } from './actions/parameters/appointmentsFor';
import { simplifyField } from './actions/parameters/output';
import { nodeError } from './actions/report';
import {
	searchAppointmentTypes,
	searchBusinesses,
	searchPractitioners,
} from './methods/searchTypes';
import { EVENTS } from './trigger/events';
import { poll } from './trigger/poll';

/** The events of appointments, which have fields of their own. */
const OF_APPOINTMENTS = Object.keys(EVENTS).filter(
	(event) => EVENTS[event]!.collection === 'individual_appointments',
);

export class ClinikoTrigger implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Cliniko Trigger',
		name: 'clinikoTrigger',
		icon: { light: 'file:cliniko.svg', dark: 'file:cliniko.dark.svg' },
		group: ['trigger'],
		version: 1,
		// "On attachment created", as n8n's node panel words it.
		subtitle: '={{ "On " + $parameter["event"].replace(/[A-Z]/g, " $&").toLowerCase() }}',
		// n8n's node panel shows it for both nodes, which are one entry there.
		description:
			'Put files on patients’ records in Cliniko, find patients, or start when a file or a patient is new',
		defaults: { name: 'Cliniko Trigger' },
		polling: true,
		inputs: [],
		outputs: [NodeConnectionTypes.Main],
		credentials: [{ name: 'clinikoApi', required: true }],
		builderHint: {
			searchHint:
				'Starts a workflow for each new file, patient or appointment in Cliniko, however it came there, for each patient or appointment that was changed, and for each cancellation and each completed patient form. Events of appointments can be limited to a practitioner, a business or an appointment type. Use the event attachmentProcessed if later steps need the name, type or size of the file: at attachmentCreated they are still empty. A workflow on an Updated event that changes the same record starts again, so it may write only values that are the same each time; one on an Attachment event that uploads a file starts itself without end, so it needs an If node first. It outputs the record only; Cliniko > Patient Attachment > Download fetches the file.',
		},
		properties: [
			{
				displayName: 'Trigger On',
				name: 'event',
				type: 'options',
				noDataExpression: true,
				default: 'attachmentCreated',
				options: [
					{
						name: 'Appointment Cancelled',
						value: 'appointmentCancelled',
						description: 'An appointment of a patient was cancelled',
					},
					{
						name: 'Appointment Created',
						value: 'appointmentCreated',
						description: 'An appointment was booked for a patient',
					},
					{
						name: 'Appointment Updated',
						value: 'appointmentUpdated',
						description:
							'An appointment was changed, moved or cancelled, and not again for half a minute',
					},
					{
						name: 'Attachment Created',
						value: 'attachmentCreated',
						description: 'A file was put on a patient’s record, by this node or in any other way',
					},
					{
						name: 'Attachment Processed',
						value: 'attachmentProcessed',
						description: 'Cliniko has processed a file: it has its name, type and size now',
					},
					{
						name: 'Patient Created',
						value: 'patientCreated',
						description: 'A patient was added',
					},
					{
						name: 'Patient Form Completed',
						value: 'patientFormCompleted',
						description: 'A patient form was completed, and has its answers now',
					},
					{
						name: 'Patient Updated',
						value: 'patientUpdated',
						description: 'A patient’s details were changed, and not again for half a minute',
					},
				],
			},
			...appointmentsForFields.map((field) => ({
				...field,
				displayOptions: { show: { event: OF_APPOINTMENTS } },
			})),
			simplifyField,
		],
	};

	methods = { listSearch: { searchAppointmentTypes, searchBusinesses, searchPractitioners } };

	async poll(this: IPollFunctions): Promise<INodeExecutionData[][] | null> {
		try {
			const records = await poll(this, () =>
				appointmentsForIn(this, (name) => this.getNodeParameter(name, '')),
			);
			return records.length > 0 ? [records.map((json) => ({ json }))] : null;
		} catch (error) {
			throw nodeError(this, error as Error);
		}
	}
}
