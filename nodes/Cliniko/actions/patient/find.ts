import type { IDataObject, IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import { ClinikoError } from '../../errors';
import { CRITERIA, criterion, distinguishingFields, type Criterion } from '../../find/criteria';
import { findPatients } from '../../find/findPatients';
import {
	simplifiedPatient,
	type Candidate,
	type Patient,
	type SimplifiedPatient,
} from '../../records/patient';
import { connect } from '../../transport/n8n';
import { eachItem } from '../eachItem';
import type { Operation } from '../operation';
import { candidatesIn, candidatesOption } from '../parameters/candidates';
import { filesToPassOn, type Files } from '../parameters/inputFiles';
import { outputFields, outputOf } from '../parameters/output';
import { emptyFields, searchFieldsOf } from '../parameters/searchFields';

const oldReferenceId: INodeProperties = {
	displayName: 'Old Reference ID',
	name: 'oldReferenceId',
	type: 'string',
	default: '',
	description: 'The number that the patient had in another system before Cliniko',
};

const preferredFirstName: INodeProperties = {
	displayName: 'Preferred First Name',
	name: 'preferredFirstName',
	type: 'string',
	default: '',
	description: 'The name the patient goes by, which Cliniko keeps beside the first name',
};

const fields: INodeProperties[] = [
	{
		displayName: 'Email',
		name: 'email',
		type: 'string',
		default: '',
		placeholder: 'e.g. jane@mail.example',
		description:
			'The address on the patient’s record. Families often share one: give a name or the date of birth too.',
	},
	{
		displayName: 'First Name',
		name: 'firstName',
		type: 'string',
		default: '',
		placeholder: 'e.g. Jane',
		description: 'Capitals, accents, apostrophes and hyphens make no difference',
	},
	{
		displayName: 'Last Name',
		name: 'lastName',
		type: 'string',
		default: '',
		placeholder: 'e.g. Citizen',
		description: 'Capitals, accents, apostrophes and hyphens make no difference',
	},
	{
		displayName: 'Date of Birth',
		name: 'dateOfBirth',
		type: 'string',
		default: '',
		placeholder: 'e.g. 1987-05-31',
		description: 'Year, month and day in this order',
	},
	{
		displayName: 'Mobile',
		name: 'mobile',
		type: 'string',
		default: '',
		placeholder: 'e.g. 0491 570 006',
		description:
			'Has to be one of the phone numbers on the record. Cliniko cannot search by it: give a name too.',
	},
	{
		displayName: 'If Not Exactly One Patient Matches',
		name: 'ifNotOne',
		type: 'options',
		default: 'error',
		description: 'What to do if none or several patients match everything given above',
		options: [
			{ name: 'Stop', value: 'error', description: 'Stop with a message that says why' },
			{
				name: 'Return an Item That Says So',
				value: 'item',
				description: 'With "matched" set to their number, for an If or Switch node',
			},
			candidatesOption,
		],
	},
	...outputFields(simplifiedPatient),
	{
		displayName: 'Options',
		name: 'options',
		type: 'collection',
		placeholder: 'Add option',
		default: {},
		options: [
			{
				displayName: 'If a Field Is Empty',
				name: 'ifEmpty',
				type: 'options',
				default: 'none',
				description: 'What to do if the expression in a field gives nothing for an item',
				options: [
					{
						name: 'Count as No Match',
						value: 'none',
						description: 'What is left might match another patient',
					},
					{
						name: 'Leave It Out',
						value: 'leaveOut',
						description: 'Find the patient by the other fields alone',
					},
				],
			},
			{
				displayName: 'Include Archived Patients',
				name: 'includeArchived',
				type: 'boolean',
				default: false,
				description: 'Whether archived patients count as well',
			},
			{
				displayName: 'Include Input Files',
				name: 'includeInputFiles',
				type: 'boolean',
				default: true,
				description:
					'Whether the patient’s item has the files of the input item, so that Upload can follow. Without this option, it has.',
			},
			oldReferenceId,
			preferredFirstName,
		],
	},
	// Where workflows that were saved before these were options have them.
	{ ...oldReferenceId, type: 'hidden' },
	{ ...preferredFirstName, type: 'hidden' },
];

/** What an item of the output holds with Simplify on. */
export type Output = { matched: number } & Partial<SimplifiedPatient & NotOne>;

/** What it holds instead of a patient; the candidates are archived ones if there are no others. */
interface NotOne {
	patient_ids: string[];
	candidates?: Candidate[];
	message: string;
	advice: string;
}

/** The parameters of an item. */
interface Query {
	criteria: Criterion[];
	/** The labels of fields whose expression yields nothing, unless those are to be left out. */
	empty: string[];
	includeArchived: boolean;
	ifNotOne: unknown;
	show: (patient: Patient) => IDataObject;
}

/** Why there is not exactly one patient: in words, and for an If node. */
interface NotFound {
	message: string;
	advice: string;
}

async function execute(context: IExecuteFunctions) {
	const api = await connect(context);
	return await eachItem(context, {
		read: (itemIndex) => queryOf(context, itemIndex),
		files: (itemIndex) => filesOf(context, itemIndex),
		run: async ({ criteria, empty, includeArchived, ifNotOne, show }) => {
			const { patients, archived } =
				empty.length > 0
					? { patients: [], archived: [] }
					: await findPatients(api, criteria, includeArchived);

			const [patient] = patients;
			if (patient && patients.length === 1) {
				const record = show(patient);
				return [{ json: { matched: 1, ...record } }];
			}
			const { message, advice } =
				empty.length > 0 ? fieldEmpty(empty) : notOne(patients, archived, criteria);
			if (ifNotOne === 'error') throw new ClinikoError(message, advice);
			const candidates = patients.length > 0 ? patients : archived;
			const json = {
				matched: patients.length,
				patient_ids: patients.map(({ id }) => id),
				...candidatesIn(ifNotOne, candidates),
				message,
				advice,
			};
			return [{ json }];
		},
	});
}

function queryOf(context: IExecuteFunctions, itemIndex: number): Query {
	const options = context.getNodeParameter('options', itemIndex, {});
	const { given, empty } = searchFieldsOf(context, itemIndex, CRITERIA, options);
	const criteria = CRITERIA.flatMap(({ name }) => {
		const text = given[name];
		return text === undefined ? [] : [criterion(name, text)];
	});
	const leavesOut = options.ifEmpty === 'leaveOut';
	if (leavesOut || empty.length === 0) {
		if (criteria.length === 0) throw nothingGiven();
		if (criteria.every(({ name }) => name === 'mobile')) throw mobileAlone();
	}
	return {
		criteria,
		empty: leavesOut ? [] : empty,
		includeArchived: Boolean(options.includeArchived),
		ifNotOne: context.getNodeParameter('ifNotOne', itemIndex, 'error'),
		show: outputOf(context, itemIndex, simplifiedPatient),
	};
}

function filesOf(context: IExecuteFunctions, itemIndex: number): Files {
	const { includeInputFiles } = context.getNodeParameter('options', itemIndex, {});
	return includeInputFiles === false ? {} : filesToPassOn(context, itemIndex);
}

function notOne(patients: Patient[], archived: Patient[], criteria: Criterion[]): NotFound {
	const by = criteria.map(({ label }) => label).join(', ');
	if (patients.length === 0 && archived.length > 0) {
		const ids = archived.map(({ id }) => id).join(', ');
		return {
			message: `No patient matches (${by}) who is not archived. Archived: ID ${ids}.`,
			advice:
				'Take the patient out of the archive in Cliniko, or add the option Include Archived Patients.',
		};
	}
	if (patients.length === 0) {
		return {
			message: `No patient matches (${by}).`,
			advice: 'Look the patient up in Cliniko: they may be new, or written in another way there.',
		};
	}
	const apart = distinguishingFields(patients, criteria);
	return {
		message: `${patients.length} patients match (${by}): IDs ${patients.map(({ id }) => id).join(', ')}.`,
		advice: apart.length
			? `${apart.join(' or ')} would tell them apart: add it to the search.`
			: 'No other field tells them apart. If they are one person, merge them in Cliniko.',
	};
}

function fieldEmpty(labels: string[]): NotFound {
	return {
		message: emptyFields(labels, 'patient'),
		advice:
			'Check what the form or the e-mail gives there. To find patients by the other fields alone, add the option If a Field Is Empty; it may then find another patient than the one who is meant.',
	};
}

function mobileAlone(): ClinikoError {
	return new ClinikoError(
		'Cliniko cannot search by a phone number, and nothing else is given for this item.',
		'Add the names, the date of birth or the e-mail address. The number then confirms who it is.',
	);
}

function nothingGiven(): ClinikoError {
	return new ClinikoError(
		'There is nothing to search for: all fields are empty.',
		'Fill in at least one of the fields. The surest are the date of birth and both names, or the e-mail address and a name.',
	);
}

export const find: Operation = {
	name: 'Find',
	value: 'find',
	action: 'Find patient',
	description:
		'Find the one patient who has this e-mail address, name, date of birth or old reference ID',
	fields,
	execute,
};
