import type { IExecuteFunctions, INodeExecutionData, INodeProperties } from 'n8n-workflow';

import {
	simplifiedAppointment,
	withNames,
	type Appointment,
	type AppointmentNames,
	type SimplifiedAppointment,
} from '../../records/appointment';
import { filtersFor, isMeant } from '../../requests/appointmentsFor';
import { newestRecords } from '../../requests/listRecords';
import { namesOf } from '../../requests/recordNames';
import type { ClinikoApi } from '../../transport/cliniko/clinikoApi';
import { connect } from '../../transport/n8n';
import { eachItem } from '../eachItem';
import type { Operation } from '../operation';
import { appointmentsForFields, appointmentsForIn } from '../parameters/appointmentsFor';
import { filterFields, filtersOf, type FilterField } from '../parameters/filters';
import { hintAtLimit, limitFields, limitOf } from '../parameters/limit';
import { patientOrAllFields, patientOrAllOf } from '../parameters/patientId';
import { simplifyField, simplifyOf } from '../parameters/simplify';

const FILTERS: FilterField[] = [
	{ displayName: 'Created At', name: 'created_at', kind: 'dateTime' },
	{ displayName: 'Ends At', name: 'ends_at', kind: 'dateTime' },
	{ displayName: 'Starts At', name: 'starts_at', kind: 'dateTime' },
	{ displayName: 'Updated At', name: 'updated_at', kind: 'dateTime' },
];

/**
 * Cliniko's filter for each choice. Whether lists have cancelled appointments if no filter mentions them
 * is not documented, so one always does.
 */
const CANCELLED = new Map<unknown, string>([
	['exclude', 'cancelled_at:!?'],
	['include', 'cancelled_at:*'],
	['only', 'cancelled_at:?'],
]);

const fields: INodeProperties[] = [
	...patientOrAllFields('Appointments Of', 'appointments'),
	...appointmentsForFields,
	...limitFields,
	...filterFields(FILTERS),
	{
		displayName: 'Cancelled',
		name: 'cancelled',
		type: 'options',
		default: 'exclude',
		description: 'Whether to return cancelled appointments',
		options: [
			{ name: 'Leave Out', value: 'exclude' },
			{ name: 'Include', value: 'include' },
			{ name: 'Only Cancelled', value: 'only' },
		],
	},
	simplifyField,
];

/** What an item of the output holds with Simplify on. */
export type Output = SimplifiedAppointment & AppointmentNames;

async function execute(context: IExecuteFunctions) {
	const api = await connect(context);
	const simple = new Set<number>();
	const items = await eachItem(context, {
		read: (itemIndex) => {
			const simplify = simplifyOf(context, itemIndex);
			if (simplify) simple.add(itemIndex);
			return {
				meant: {
					patientId: patientOrAllOf(context, itemIndex, api.shard),
					...appointmentsForIn(context, (name) => context.getNodeParameter(name, itemIndex, '')),
				},
				filters: stateFilters(context, itemIndex),
				limit: limitOf(context, itemIndex),
				simplify,
			};
		},
		run: async ({ meant, filters, limit, simplify }) => {
			const errorContext = {
				action: 'list appointments',
				forbidden:
					'Use the key of a user whose role may see appointments, or ask the owner of the Cliniko account to change the role.',
			};
			const all = [...filters, ...filtersFor(meant)];
			const records = await newestRecords(api, 'individual_appointments', all, limit, errorContext);
			hintAtLimit(context, records.length, limit);
			const own = records.filter((one) => isMeant(one, meant) && isInState(one, filters));
			return own.map((record) => ({ json: simplify ? simplifiedAppointment(record) : record }));
		},
	});
	return await named(api, items, simple);
}

/** The item's filters, with those for what became of an appointment. */
function stateFilters(context: IExecuteFunctions, itemIndex: number): string[] {
	const filters = filtersOf(context, itemIndex, FILTERS);
	const cancelled = context.getNodeParameter('cancelled', itemIndex, 'exclude');
	// What Cliniko has deleted is treated as what it has archived.
	const areArchivedShown = filters.some((filter) => filter.startsWith('archived_at:'));
	return [
		...filters,
		CANCELLED.get(cancelled) ?? CANCELLED.get('exclude')!,
		areArchivedShown ? 'deleted_at:*' : 'deleted_at:!?',
	];
}

/** Whether the appointment has become what the filters ask for, in case that Cliniko ignores them. */
function isInState(record: Appointment, filters: string[]): boolean {
	const isGone = Boolean(record.archived_at) || Boolean(record.deleted_at);
	if (isGone && filters.includes('deleted_at:!?')) return false;
	return !filters.includes(
		record.cancelled_at ? CANCELLED.get('exclude')! : CANCELLED.get('only')!,
	);
}

/** The items with names, which are looked up for all of them together. */
async function named(
	api: ClinikoApi,
	items: INodeExecutionData[],
	simple: Set<number>,
): Promise<INodeExecutionData[]> {
	const isSimple = ({ json, pairedItem }: INodeExecutionData) =>
		json.error === undefined && simple.has((pairedItem as { item: number }).item);
	const appointments = items.filter(isSimple).map(({ json }) => json as SimplifiedAppointment);
	const idsOf = (key: 'practitioner_id' | 'appointment_type_id' | 'business_id') =>
		appointments.flatMap((one) => one[key] ?? []);
	const practitioners = await namesOf(api, 'practitioners', idsOf('practitioner_id'));
	const types = await namesOf(api, 'appointment_types', idsOf('appointment_type_id'));
	const businesses = await namesOf(api, 'businesses', idsOf('business_id'));
	return items.map((item) => {
		if (!isSimple(item)) return item;
		const one = item.json as SimplifiedAppointment;
		const json = withNames(one, {
			practitioner_name: practitioners.get(one.practitioner_id ?? '') ?? null,
			appointment_type_name: types.get(one.appointment_type_id ?? '') ?? null,
			business_name: businesses.get(one.business_id ?? '') ?? null,
		});
		return { ...item, json };
	});
}

export const getMany: Operation = {
	name: 'Get Many',
	value: 'getMany',
	action: 'Get many appointments',
	description: 'Return the appointments of a patient or of all patients, newest first',
	fields,
	execute,
};
