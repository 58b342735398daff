import type {
	IDataObject,
	IExecuteFunctions,
	INodeExecutionData,
	INodeProperties,
} from 'n8n-workflow';

import {
	simplifiedWithNames,
	type Appointment,
	type AppointmentNames,
	type SimplifiedAppointment,
} from '../../records/appointment';
import { linkedId } from '../../records/clinikoRecord';
import { filtersFor, isMeant } from '../../requests/appointmentsFor';
import { firstRecords } from '../../requests/listRecords';
import { namesOf } from '../../requests/recordNames';
import type { ClinikoApi } from '../../transport/cliniko/clinikoApi';
import { connect } from '../../transport/n8n';
import { eachItem } from '../eachItem';
import type { Operation } from '../operation';
import { appointmentsForFields, appointmentsForIn } from '../parameters/appointmentsFor';
import { filterFields, filtersOf, type FilterField } from '../parameters/filters';
import { hintAtLimit, limitFields, limitOf } from '../parameters/limit';
import { outputFields, outputOf } from '../parameters/output';
import { patientOrAllFields, patientOrAllOf } from '../parameters/patientId';
import { sortField, sortOf, type SortChoice } from '../parameters/sort';

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

const SORTS: SortChoice[] = [{ name: 'Start (Earliest First)', sort: 'starts_at:asc' }];

const fields: INodeProperties[] = [
	...patientOrAllFields('Appointments Of', 'appointments'),
	...appointmentsForFields,
	...limitFields,
	sortField(SORTS),
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
	...outputFields(simplifiedWithNames),
];

/** What an item of the output holds with Simplify on. */
export type Output = SimplifiedAppointment & AppointmentNames;

async function execute(context: IExecuteFunctions) {
	const api = await connect(context);
	/** How the records of each item are returned. */
	const shows = new Map<number, Show>();
	const items = await eachItem(context, {
		read: (itemIndex) => {
			shows.set(itemIndex, outputOf(context, itemIndex, simplifiedWithNames));
			return {
				meant: {
					patientId: patientOrAllOf(context, itemIndex, api.shard),
					...appointmentsForIn(context, (name) => context.getNodeParameter(name, itemIndex, '')),
				},
				filters: stateFilters(context, itemIndex),
				limit: limitOf(context, itemIndex),
				sort: sortOf(context, itemIndex, SORTS),
			};
		},
		run: async ({ meant, filters, limit, sort }) => {
			const errorContext = {
				action: 'list appointments',
				forbidden:
					'Use the key of a user whose role may see appointments, or ask the owner of the Cliniko account to change the role.',
			};
			const all = [...filters, ...filtersFor(meant)];
			const collection = 'individual_appointments';
			const first = {
				limit,
				sort,
				isMeant: (one: Appointment) => isMeant(one, meant) && isInState(one, filters),
			};
			const records = await firstRecords(api, collection, all, first, errorContext);
			hintAtLimit(context, records.length, limit);
			return records.map((json) => ({ json }));
		},
	});
	return await shown(api, items, shows);
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

/** How a record is returned. */
type Show = (record: Appointment & Partial<AppointmentNames>) => IDataObject;

/** Of which records the names are looked up. */
const NAMED = [
	{ name: 'practitioner_name', field: 'practitioner', collection: 'practitioners' },
	{ name: 'appointment_type_name', field: 'appointment_type', collection: 'appointment_types' },
	{ name: 'business_name', field: 'business', collection: 'businesses' },
] as const;

/** The items as they are returned. Names that are wanted are looked up for all of them together. */
async function shown(
	api: ClinikoApi,
	items: INodeExecutionData[],
	shows: Map<number, Show>,
): Promise<INodeExecutionData[]> {
	const showOf = ({ json, pairedItem }: INodeExecutionData) =>
		json.error === undefined ? shows.get((pairedItem as { item: number }).item) : undefined;
	for (const { name, field, collection } of NAMED) {
		const wanted = items.filter((item) => name in (showOf(item)?.({ id: '' }) ?? {}));
		const idOf = ({ json }: INodeExecutionData) => linkedId(json[field], collection);
		const names = await namesOf(api, collection, new Set(wanted.flatMap((one) => idOf(one) ?? [])));
		for (const item of wanted) item.json[name] = names.get(idOf(item) ?? '') ?? null;
	}
	return items.map((item) => {
		const json = showOf(item)?.(item.json as Appointment);
		return json ? { ...item, json } : item;
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
