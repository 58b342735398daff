import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import { ClinikoError } from '../../errors';
import type { Created } from '../../patients/createPatient';
import { matchingPatient, whyUnknown } from '../../patients/matchingPatient';
import { exactId } from '../../records/clinikoRecord';
import { simplifiedPatient, type Patient, type SimplifiedPatient } from '../../records/patient';
import { connect } from '../../transport/n8n';
import { eachItem } from '../eachItem';
import type { Operation } from '../operation';
import { customFieldsField } from '../parameters/customFields';
import { filesToPassOn } from '../parameters/inputFiles';
import { outputFields, outputOf } from '../parameters/output';
import { patientField, patientFields } from '../parameters/patientFields';
import { textOf } from '../parameters/text';
import {
	creatorFor,
	newPatientOf,
	referralSourceOf,
	setSourceOrWarn,
	withCustomFieldsOf,
} from './newPatient';

const fields: INodeProperties[] = [
	patientField('first_name', { required: true, description: 'The patient’s first name' }),
	patientField('last_name', { required: true, description: 'The patient’s last name' }),
	{
		displayName: 'If a Patient Matches Already',
		name: 'ifMatches',
		type: 'options',
		default: 'stop',
		description:
			'What to do if Cliniko has a patient with these names and this date of birth, or these names and this e-mail address',
		options: [
			{
				name: 'Create All the Same',
				value: 'create',
				description: 'Do not look; there may be two records of one person then',
			},
			{
				name: 'Return That Patient',
				value: 'return',
				description: 'If exactly one matches; nothing on the record is changed',
			},
			{ name: 'Stop', value: 'stop', description: 'Stop with a message that gives the ID' },
		],
	},
	{
		displayName: 'Patients Ruled Out',
		name: 'ruledOut',
		type: 'string',
		default: '',
		placeholder: 'e.g. 1234567890123456789, 1234567890123456790',
		description:
			'The IDs of patients who match and are not meant, because somebody has looked at them. Others who match still count.',
		displayOptions: { hide: { ifMatches: ['create'] } },
	},
	patientFields(
		{
			displayName: 'Additional Fields',
			name: 'additionalFields',
			placeholder: 'Add field',
			description:
				'What else is known of the patient, the date of birth above all. A field whose expression gives nothing stays empty.',
		},
		['first_name', 'last_name'],
	),
	customFieldsField,
	...outputFields(simplifiedPatient),
];

/** What an item of the output holds with Simplify on. */
export type Output = { outcome: string } & SimplifiedPatient & { warning?: string };

type Outcome = { outcome: 'created' | 'existing' } & Created;

async function execute(context: IExecuteFunctions) {
	if (context.getInputData().length === 0) return [];
	const api = await connect(context);
	const { creator, memory } = creatorFor(context, api);
	return await eachItem(context, {
		read: (itemIndex) => {
			const wanted = newPatientOf(context, itemIndex, api.account, ['firstName', 'lastName']);
			const ifMatches = context.getNodeParameter('ifMatches', itemIndex, 'stop');
			const unknown = ifMatches === 'create' ? undefined : whyUnknown(wanted.person);
			if (unknown) {
				throw new ClinikoError(
					unknown.message,
					`${unknown.advice} To create the patient without looking, set If a Patient Matches Already to Create All the Same.`,
				);
			}
			return {
				wanted: {
					...wanted,
					isAnother: ifMatches === 'create',
					ruledOut: ruledOutIn(context, itemIndex),
				},
				ifMatches,
				show: outputOf(context, itemIndex, simplifiedPatient),
			};
		},
		files: (itemIndex) => filesToPassOn(context, itemIndex),
		run: async ({ wanted: given, ifMatches, show }) => {
			const { person, creation } = given;
			const values = await withCustomFieldsOf(api, given.values, given.custom);
			const source = await referralSourceOf(api, given.source);
			const wanted = { ...given, values };
			const { patient, outcome, ...created } = await creator.inTurn(
				person,
				async (): Promise<Outcome> => {
					const own = await creator.resume(wanted);
					if (own) return { ...own, outcome: 'created' };
					if (ifMatches !== 'create') {
						await creator.clearUp(person);
						const match = await matchingPatient(api, person, wanted.ruledOut);
						if (match.unclear) throw new ClinikoError(match.unclear.message, match.unclear.advice);
						if (match.patient && ifMatches === 'stop') throw matchesAlready(match.patient);
						if (match.patient) return { patient: match.patient, outcome: 'existing' };
					}
					return { ...(await creator.create(wanted)), outcome: 'created' };
				},
			);
			// Nothing is changed on the record of somebody else.
			const own = outcome === 'created' ? source : undefined;
			const set = await setSourceOrWarn(context, api, patient.id, own, false);
			const kept = set.isKept && 'Cliniko has another Referral Source for the patient.';
			const warning = [created.warning, set.warning, kept].filter(Boolean).join(' ');
			memory.handedOn(creation);
			const record = show(patient);
			return [{ json: { outcome, ...record, ...(warning && { warning }) } }];
		},
	});
}

function ruledOutIn(context: IExecuteFunctions, itemIndex: number): string[] {
	const given: unknown = context.getNodeParameter('ruledOut', itemIndex, '');
	const texts = (Array.isArray(given) ? given : [given]).flatMap((one) =>
		textOf(one, 'Patients Ruled Out').split(/[\s,;]+/),
	);
	return texts.filter(Boolean).map((text) => {
		const id = exactId(text);
		if (id !== undefined) return id;
		throw new ClinikoError(
			'Patients Ruled Out has something other than IDs for this item.',
			'Give the IDs with commas between them, such as {{ $json.patient_ids.join() }}.',
		);
	});
}

function matchesAlready({ id }: Patient): ClinikoError {
	return new ClinikoError(
		`A patient who matches is in Cliniko already: ID ${id}. Nothing was created.`,
		'Look at the patient in Cliniko. To go on with that patient, set If a Patient Matches Already to Return That Patient, or use Patient > Create or Update. If this is another person, enter the ID under Patients Ruled Out.',
	);
}

export const create: Operation = {
	name: 'Create',
	value: 'create',
	action: 'Create patient',
	description: 'Create a patient, unless Cliniko has one who matches',
	fields,
	execute,
};
